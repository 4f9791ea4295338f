// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/config_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/launcher/contract/support.hpp"

namespace smlaunch {
namespace {

TEST(ConfigFile, WhatCannotBeReadAsJsonIsNamedWithItsPlace) {
  const std::pair<std::string, const char*> table[] = {
      {"", ": is empty"},
      {" \n\t", ": is empty"},
      {"{\"hosts\": [\"a\",\n",
       ": line 2 column 1: is not JSON: the text ends inside the list that begins on line 1"},
      {"{\"hosts\": [\"a\",\n \"b\"]",
       ": line 2 column 6: is not JSON: the text ends inside the object that begins on line 1"},
      {"{\"a\":\n\"\xFF\"}", ": line 2: the byte 0xff is not UTF-8"},
      {"{\"a\":\n\"\xED\xA0\x80\"}", ": line 2: the byte 0xed is not UTF-8"},
      {"{} {}", ": line 1 column 4: is not JSON: '{' after the end of the value"},
  };
  for (const auto& [text, message] : table) {
    for (const char* name : {"hyperparameters", "inputdataconfig", "resourceconfig"}) {
      Container damaged;
      damaged.write(std::string("input/config/") + name + ".json", text);
      EXPECT_EQ(damaged.problems(), std::string("BASE/input/config/") + name + ".json" + message);
    }
  }
}

TEST(ConfigFile, WhatIsNotAFileIsNamed) {
  Container folder("{}", "");
  const auto file = folder.path() / "input/config/resourceconfig.json";
  std::filesystem::create_directories(file);
  EXPECT_EQ(folder.problems(), "BASE/input/config/resourceconfig.json: is a folder, not a file");

  std::filesystem::remove(file);
  ASSERT_EQ(mkfifo(file.c_str(), 0600), 0);
  EXPECT_EQ(folder.problems(), "BASE/input/config/resourceconfig.json: is not a plain file");

  std::filesystem::remove(file);
  std::filesystem::create_symlink(file, file);
  EXPECT_EQ(folder.problems(),
            "BASE/input/config/resourceconfig.json: cannot be opened: Too many levels of symbolic links");
}

TEST(ConfigFile, AFileWithoutPermissionIsNamed) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read every file";
  Container container;
  const auto file = container.path() / "input/config/resourceconfig.json";
  ASSERT_EQ(chmod(file.c_str(), 0), 0);
  EXPECT_EQ(container.problems(),
            "BASE/input/config/resourceconfig.json: cannot be opened: Permission denied");
}

TEST(ConfigFile, OnlyResourceconfigMustExist) {
  EXPECT_EQ(Container("", two_hosts).problems(), "no problem");
  EXPECT_EQ(Container("{}", "").problems(), "BASE/input/config/resourceconfig.json: does not exist");
}

TEST(ConfigFile, TheOthersMustBeObjects) {
  EXPECT_EQ(Container("[1]").problems(),
            "BASE/input/config/hyperparameters.json: must be an object, not a list");
  EXPECT_EQ(Container("\"text\"").problems(),
            "BASE/input/config/hyperparameters.json: must be an object, not \"text\"");
  Container container;
  container.write("input/config/inputdataconfig.json", "null");
  EXPECT_EQ(container.problems(), "BASE/input/config/inputdataconfig.json: must be an object, not null");
}

TEST(ConfigFile, PathsAreReadable) {
  EXPECT_EQ(json_path("", "hosts"), "hosts");
  EXPECT_EQ(json_path("hosts", 2), "hosts[2]");
  EXPECT_EQ(json_path("instance_groups[0]", "hosts"), "instance_groups[0].hosts");
  EXPECT_EQ(json_path("a", "b c\""), "a[\"b c\\\"\"]");
  EXPECT_EQ(json_path("", ""), "[\"\"]");
}

TEST(ConfigFile, LongValuesAreShortened) {
  const std::string shown = describe_value({std::string(1000, 'x')});
  EXPECT_EQ(shown, "\"" + std::string(59, 'x') + "...");
}

}  // namespace
}  // namespace smlaunch
