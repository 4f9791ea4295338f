// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/become_program.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "launcher/process/child_process.hpp"

namespace smlaunch {
namespace {

// A home with one virtual environment, /bin/sh in the place of a login's shell.
class BecomeProgram : public ::testing::Test {
 protected:
  BecomeProgram() {
    std::string pattern = ::testing::TempDir() + "home.XXXXXX";
    home_ = ::mkdtemp(pattern.data());
    std::filesystem::create_directories(home_ / "venv/bin");
  }
  ~BecomeProgram() override { std::filesystem::remove_all(home_); }

  std::string add_program(const std::string& name) const {
    const std::string path = home_ / name;
    std::ofstream(path) << "#!/bin/sh\necho \"program $*\"\nexit 3\n";
    ::chmod(path.c_str(), 0755);
    return path;
  }
  Captured log_in(const std::string& path) const {
    auto captured = run_captured(
        {"sh", "-c",
         fmt::format("HOME='{}' PATH=/usr/bin:/bin {} worker '- 5'", home_.string(), become_program(path))},
        10'000);
    EXPECT_TRUE(captured);
    return captured ? *captured : Captured{};
  }

  std::filesystem::path home_;
};

TEST_F(BecomeProgram, BecomesTheProgramWhereItIs) {
  add_program("venv/bin/smlaunch");
  const Captured captured = log_in(add_program("wanted"));
  EXPECT_EQ(captured.output, "program worker - 5\n");
  EXPECT_EQ(captured.status, ExitStatus(Exited{3}));
}

TEST_F(BecomeProgram, SaysWhereElseTheProgramIs) {
  const std::string found = add_program("venv/bin/smlaunch"), wanted = home_ / "absent/bin/smlaunch";
  const Captured captured = log_in(wanted);
  EXPECT_EQ(parse_program_elsewhere(captured.output), (ProgramElsewhere{wanted, found})) << captured.output;
  EXPECT_EQ(captured.standard_output, "");
  EXPECT_EQ(captured.status, ExitStatus(Exited{127}));
}

TEST_F(BecomeProgram, EndsAsAShellDoesWhereNoProgramIs) {
  const Captured captured = log_in(home_ / "absent/bin/smlaunch");
  if (parse_program_elsewhere(captured.output))
    GTEST_SKIP() << "this machine has smlaunch in a folder of the system";
  EXPECT_EQ(captured.status, ExitStatus(Exited{127}));
}

TEST_F(BecomeProgram, LeavesAFileThatCannotBeExecutedToTheShellsWords) {
  add_program("venv/bin/smlaunch");
  const std::string wanted = add_program("wanted");
  ::chmod(wanted.c_str(), 0644);
  EXPECT_EQ(log_in(wanted).status, ExitStatus(Exited{126}));
}

TEST(ProgramElsewhere, IsReadOnlyFromItsOwnLine) {
  EXPECT_EQ(parse_program_elsewhere("Welcome\nsmlaunch is not at /a b/smlaunch, but at /c/smlaunch\n"),
            (ProgramElsewhere{"/a b/smlaunch", "/c/smlaunch"}));
  EXPECT_EQ(parse_program_elsewhere("smlaunch is not at home\n"), std::nullopt);
  EXPECT_EQ(parse_program_elsewhere("sh: 1: exec: /a/smlaunch: not found\n"), std::nullopt);
}

}  // namespace
}  // namespace smlaunch
