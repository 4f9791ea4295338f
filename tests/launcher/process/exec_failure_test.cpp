// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/exec_failure.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <fstream>

namespace smlaunch {
namespace {

class ExecFailure : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "smlaunch-exec-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  void TearDown() override {
    std::error_code error;
    std::filesystem::remove_all(folder_, error);
  }
  void write(const char* name, const char* text) const { std::ofstream(folder_ / name) << text; }

  std::filesystem::path folder_;
};

TEST_F(ExecFailure, IsExplainedByWhatTheFileIs) {
  write("windows", "#!/bin/sh -e\r\n");
  write("nobodys", "#!/no/such/interpreter\n");
  write("foreign",
        "\x7f"
        "ELF");
  write("plain", "#!/bin/sh\n");
  std::filesystem::create_directory(folder_ / "folder");
  const auto explained = [&](const char* name, int error) {
    return explain_exec_failure(name, folder_, error);
  };
  EXPECT_TRUE(explained("./windows", ENOENT).starts_with("its first line ends with CR LF"));
  EXPECT_EQ(explained("./nobodys", ENOENT),
            "its interpreter /no/such/interpreter does not exist; name an interpreter that exists in its "
            "first line");
  EXPECT_EQ(explained("./foreign", ENOENT),
            "the loader that it was linked for does not exist; build it for this system");
  EXPECT_EQ(explained("./plain", EACCES), "it is not executable; chmod +x it");
  EXPECT_TRUE(explained("./folder", EACCES).starts_with("it is a folder"));
  EXPECT_TRUE(explained("./foreign", ENOEXEC).starts_with("it is neither a program"));
}

TEST_F(ExecFailure, IsNotExplainedWhereTheKernelsWordSaysItAll) {
  EXPECT_EQ(explain_exec_failure("./absent", folder_, ENOENT), "");
  EXPECT_EQ(explain_exec_failure("python3", folder_, ENOENT), "");
  EXPECT_EQ(explain_exec_failure("./absent", folder_, E2BIG), "");
}

TEST_F(ExecFailure, OfAScriptThatMayOnlyBeReadLeadsToItsInterpreter) {
  using Words = std::vector<std::string>;
  write("script", "#!/bin/sh -e\necho\n");
  write("looping", "#!./looping\n");
  write("windows", "#!/bin/sh\r\n");
  write("text", "echo\n");
  EXPECT_EQ(through_interpreter({"./script", "a b", ""}, folder_),
            (Words{"/bin/sh", "-e", "./script", "a b", ""}));
  for (const char* other : {"./looping", "./windows", "./text", "./absent", "script"})
    EXPECT_FALSE(through_interpreter({other}, folder_)) << other;
  EXPECT_FALSE(through_interpreter({(folder_ / "script").string()}, "/elsewhere"))
      << "another's file, which could be made executable";
}

}  // namespace
}  // namespace smlaunch
