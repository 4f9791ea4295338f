// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/code/install_step.hpp"

#include <gtest/gtest.h>

#include "tests/launcher/contract/support.hpp"

namespace smlaunch {
namespace {

using Argv = std::vector<std::string>;

TEST(DecideInstall, IsTheToolkits) {
  const std::string python = "/usr/bin/python3";
  const Argv none;
  const Argv requirements = {python, "-m", "pip", "install", "-r", "requirements.txt"};
  const Argv module = {python, "-m", "pip", "install", "."};
  const Argv both = {python, "-m", "pip", "install", ".", "-r", "requirements.txt"};
  struct Case {
    EntryPointKind kind;
    CodeFacts facts;
    InstallKind install;
    Argv argv;
  };
  using enum EntryPointKind;
  const Case cases[] = {
      {python_program, {false, false, false}, InstallKind::none, none},
      {python_program, {false, false, true}, InstallKind::requirements, requirements},
      {python_program, {false, true, false}, InstallKind::module, module},
      {python_program, {false, true, true}, InstallKind::module, both},
      {python_package, {true, false, false}, InstallKind::module, module},
      {python_package, {true, false, true}, InstallKind::module, both},
      {python_package, {false, false, true}, InstallKind::requirements, requirements},  // -m pkg.train
      {command, {true, true, true}, InstallKind::none, none},
      {framework_module, {true, true, true}, InstallKind::none, none},
  };
  for (const Case& each : cases) {
    const InstallStep step = decide_install(each.kind, each.facts, python);
    EXPECT_EQ(step.kind, each.install);
    EXPECT_EQ(step.argv, each.argv);
  }
}

TEST(ProbeCodeFacts, PyprojectIsAPackageOnlyWithABuildSystem) {
  const std::pair<const char*, bool> cases[] = {
      {"[build-system]\n", true},
      {"  [ build-system ] # how\n", true},
      {"[tool.black]\nx = 1\n\n[build-system]\nrequires = []\n", true},
      {"[project]\nname = \"x\"\n", false},
      {"[tool.build-system]\n", false},
      {"# [build-system]\n", false},
      {"[build-systems]\n", false},
      {"", false},
  };
  for (const auto& [text, is_package] : cases) {
    const Folder folder;
    folder.write("pyproject.toml", text);
    EXPECT_EQ(probe_code_facts(folder.path()).has_build_system, is_package) << text;
  }
  const Folder folder;
  EXPECT_FALSE(probe_code_facts(folder.path()).has_build_system);
  EXPECT_FALSE(probe_code_facts(folder.path()).has_requirements);
  folder.write("requirements.txt", "");
  folder.write("setup.py", "");
  EXPECT_TRUE(probe_code_facts(folder.path()).has_requirements);
  EXPECT_TRUE(probe_code_facts(folder.path()).has_setup);
}

}  // namespace
}  // namespace smlaunch
