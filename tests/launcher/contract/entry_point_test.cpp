// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/entry_point.hpp"

#include <gtest/gtest.h>

#include "launcher/contract/first_line.hpp"
#include "tests/launcher/contract/support.hpp"

namespace smlaunch {
namespace {

using Words = std::vector<std::string>;

EntryPoint entry_point(const std::string& name, EntryPointKind kind, bool has_interpreter_line = true) {
  return {name, kind, {"--lr", "0.1"}, "/code", has_interpreter_line};
}

TEST(EntryPoint, KindFollowsTheNameAndSetupPy) {
  const Folder folder;
  const auto& code = folder.path();
  EXPECT_EQ(probe_entry_point_kind(code, "train.py"), EntryPointKind::python_program);
  EXPECT_EQ(probe_entry_point_kind(code, "train"), EntryPointKind::command);
  EXPECT_EQ(probe_entry_point_kind(code, "run.sh"), EntryPointKind::command);
  EXPECT_EQ(probe_entry_point_kind(code / "absent", "pkg/train.py"), EntryPointKind::python_program);
  folder.write("setup.py", "");
  EXPECT_EQ(probe_entry_point_kind(code, "train.py"), EntryPointKind::python_package);
  EXPECT_EQ(probe_entry_point_kind(code, "train"), EntryPointKind::python_package);
  EXPECT_EQ(probe_entry_point_kind(code, "run.sh"), EntryPointKind::command);
}

TEST(EntryPoint, OfPythonsInASubfolderIsAModuleBesideSetupPyOrTheFile) {
  const Folder folder;
  const auto& code = folder.path();
  folder.write("setup.py", "");
  for (const char* module : {"src/pkg/train.py", "./train.py", "pkg/_x1.py", "ž/train.py"})
    EXPECT_EQ(probe_entry_point_kind(code, module), EntryPointKind::python_package) << module;
  for (const char* file :
       {"../train.py", "my-dir/train.py", "pkg//train.py", "/abs/train.py", "1st/train.py"})
    EXPECT_EQ(probe_entry_point_kind(code, file), EntryPointKind::python_program) << file;
  const auto command = [](const char* name) {
    return process_command({name, EntryPointKind::python_package, {}, "/code", true}, "/py", false);
  };
  EXPECT_EQ(command("src/pkg/train.py"), (Words{"/py", "-m", "src.pkg.train"}));
  EXPECT_EQ(command("./train.py"), (Words{"/py", "-m", "train"}));
}

TEST(EntryPoint, IsAProgramOfPythonsWhereItIsAFolderThatPythonRuns) {
  const Folder folder;
  std::filesystem::create_directories(folder.path() / "app");
  std::filesystem::create_directories(folder.path() / "data");
  folder.write("app/__main__.py", "");
  EXPECT_EQ(probe_entry_point_kind(folder.path(), "app"), EntryPointKind::python_program);
  EXPECT_EQ(probe_entry_point_kind(folder.path(), "app/"), EntryPointKind::python_program);
  EXPECT_EQ(probe_entry_point_kind(folder.path(), "data"), EntryPointKind::command);
}

TEST(EntryPoint, IsAProgramOfPythonsWhereItIsAZipappThatCannotBeExecuted) {
  const Folder folder;
  const auto kind = [&] { return probe_entry_point_kind(folder.path(), "app.pyz"); };
  EXPECT_EQ(kind(), EntryPointKind::python_program) << "not there yet";
  folder.write("app.pyz", "#!/usr/bin/env python3\nPK\3\4");
  EXPECT_EQ(kind(), EntryPointKind::python_program);
  std::filesystem::permissions(folder.path() / "app.pyz", std::filesystem::perms::owner_all);
  EXPECT_EQ(kind(), EntryPointKind::command);
  folder.write("app.pyz", "PK\3\4");
  EXPECT_EQ(kind(), EntryPointKind::python_program) << "no interpreter is named";
  folder.write("setup.py", "");
  EXPECT_EQ(kind(), EntryPointKind::python_program);
}

TEST(EntryPoint, IsATextOfWindowsWhereItsFirstLineEndsSo) {
  const Folder folder;
  const std::pair<std::string, bool> cases[] = {
      {"echo a\r\necho b\r\n", true},    {"\r\n", true},         {"#!/bin/sh\r\n", true},
      {"echo a\necho b\r\n", false},     {"echo a", false},      {"", false},
      {std::string("\0\r\n", 3), false}, {"echo \r a\n", false},
  };
  for (const auto& [text, is_of_windows] : cases) {
    folder.write("run.sh", text);
    EXPECT_EQ(is_text_of_windows(folder.path() / "run.sh"), is_of_windows) << text;
  }
  EXPECT_FALSE(is_text_of_windows(folder.path() / "absent"));
}

TEST(EntryPoint, HasTheInterpreterOfItsFirstLine) {
  const Folder folder;
  const struct {
    const char* text;
    const char* interpreter;
    const char* argument;
    bool ends_with_return;
  } cases[] = {{"#!/bin/sh\necho", "/bin/sh", "", false},
               {"#! /usr/bin/env  python3 -u \n", "/usr/bin/env", "python3 -u", false},
               {"#!/bin/sh -e\r\necho", "/bin/sh", "-e", true},
               {"#!/bin/sh\r\n", "/bin/sh", "", true},
               {"echo\n#!/bin/sh\n", "", "", false},
               {"#!", "", "", false},
               {"", "", "", false}};
  for (const auto& c : cases) {
    folder.write("script", c.text);
    const InterpreterLine line = read_interpreter_line(folder.path() / "script");
    EXPECT_EQ(line.interpreter, c.interpreter) << c.text;
    EXPECT_EQ(line.argument, c.argument) << c.text;
    EXPECT_EQ(line.ends_with_return, c.ends_with_return) << c.text;
  }
  EXPECT_EQ(read_interpreter_line(folder.path() / "absent").interpreter, "");
}

TEST(EntryPoint, MayBeAModuleThatTheInterpreterFinds) {
  EXPECT_EQ(parse_module_option("-m pkg.train"), "pkg.train");
  EXPECT_EQ(parse_module_option("-m   pkg.train "), "pkg.train");
  EXPECT_EQ(parse_module_option("-m "), "");
  for (const char* other : {"train.py", "-m", "-mpkg", "m pkg", "pkg -m x", ""})
    EXPECT_EQ(parse_module_option(other), std::nullopt) << other;
  EXPECT_EQ(probe_entry_point_kind("/absent", "-m pkg.train"), EntryPointKind::python_package);
  EXPECT_EQ(probe_entry_point_kind("/absent", "-m pkg.sh"), EntryPointKind::python_package);
  const auto module = entry_point("-m pkg.pytools.py_train", EntryPointKind::python_package);
  EXPECT_EQ(process_command(module, "/py", false),
            (Words{"/py", "-m", "pkg.pytools.py_train", "--lr", "0.1"}));
  EXPECT_EQ(process_command(module, "/py", true),
            (Words{"/py", "-m", "mpi4py", "-m", "pkg.pytools.py_train", "--lr", "0.1"}));
}

TEST(EntryPoint, OnlyAScriptWithoutInterpreterLineNeedsAShell) {
  const Folder folder;
  folder.write("with.sh", "#!/bin/bash\n");
  folder.write("without.sh", "echo hello\n");
  folder.write("empty.sh", "");
  folder.write("program",
               "\x7f"
               "ELF...");
  EXPECT_TRUE(probe_entry_point(folder.path(), "with.sh", {}).has_interpreter_line);
  EXPECT_FALSE(probe_entry_point(folder.path(), "without.sh", {}).has_interpreter_line);
  EXPECT_FALSE(probe_entry_point(folder.path(), "empty.sh", {}).has_interpreter_line);
  EXPECT_TRUE(probe_entry_point(folder.path(), "program", {}).has_interpreter_line);
  EXPECT_TRUE(probe_entry_point(folder.path(), "absent.sh", {}).has_interpreter_line);
}

TEST(EntryPoint, CommandsOfEveryKind) {
  const auto program = entry_point("train.py", EntryPointKind::python_program);
  EXPECT_EQ(process_command(program, "/py", false), (Words{"/py", "--", "train.py", "--lr", "0.1"}));
  EXPECT_EQ(process_command(program, "/py", true), (Words{"/py", "-m", "mpi4py", "train.py", "--lr", "0.1"}));

  const auto package = entry_point("x.py.train.py", EntryPointKind::python_package);
  EXPECT_EQ(process_command(package, "/py", false), (Words{"/py", "-m", "x.train", "--lr", "0.1"}));
  EXPECT_EQ(process_command(package, "/py", true),
            (Words{"/py", "-m", "mpi4py", "-m", "x.train", "--lr", "0.1"}));

  const auto command = entry_point("run.sh", EntryPointKind::command);
  EXPECT_EQ(process_command(command, "/py", true), (Words{"./run.sh", "--lr", "0.1"}));
  const auto script = entry_point("run.sh", EntryPointKind::command, false);
  EXPECT_EQ(process_command(script, "/py", false), (Words{"/bin/sh", "./run.sh", "--lr", "0.1"}));
  const auto absolute = entry_point("/bin/true", EntryPointKind::command);
  EXPECT_EQ(process_command(absolute, "/py", false), (Words{"/bin/true", "--lr", "0.1"}));
  const auto dotted = entry_point("./run.sh", EntryPointKind::command);
  EXPECT_EQ(process_command(dotted, "/py", false), (Words{"./run.sh", "--lr", "0.1"}));
  EXPECT_EQ(command_file(command), "./run.sh");
  EXPECT_EQ(command_file(absolute), "/bin/true");
}

TEST(EntryPoint, AFrameworksNamesAreArgumentsNotCode) {
  const Words command =
      process_command(entry_point("m'; x:f", EntryPointKind::framework_module), "/py", true);
  ASSERT_EQ(command.size(), 5U);
  EXPECT_EQ(command[0], "/py");
  EXPECT_EQ(command[1], "-c");
  EXPECT_EQ(command[2].find("m'"), std::string::npos);
  EXPECT_EQ(command[3], "m'; x");
  EXPECT_EQ(command[4], "f");
}

TEST(EntryPoint, AFrameworksFunctionIsCalled) {
  if (std::system("command -v python3 >/dev/null 2>&1") != 0) GTEST_SKIP() << "no python3 on PATH";
  const Folder folder;
  folder.write("frame/work.py", "import sys\ndef main():\n    print(len(sys.argv))\n    sys.exit(7)\n");
  const Words command =
      process_command(entry_point("frame.work:main", EntryPointKind::framework_module), "python3", false);
  folder.write("program", command[2]);
  const std::string line = "cd " + folder.path().native() +
                           " && python3 -c \"$(cat program)\" frame.work main > printed; test $? -eq 7";
  EXPECT_EQ(std::system(line.c_str()), 0);
  EXPECT_EQ(folder.read("printed"), "1\n");
}

TEST(EntryPoint, KindsHaveNames) {
  EXPECT_EQ(to_string(EntryPointKind::python_program), "python_program");
  EXPECT_EQ(to_string(EntryPointKind::python_package), "python_package");
  EXPECT_EQ(to_string(EntryPointKind::command), "command");
  EXPECT_EQ(to_string(EntryPointKind::framework_module), "framework_module");
}

}  // namespace
}  // namespace smlaunch
