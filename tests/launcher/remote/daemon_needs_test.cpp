// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/daemon_needs.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace smlaunch {
namespace {

TEST(ShellProblem, IsALanguageThatMpirunDoesNotSpeakThere) {
  const std::string fish = "the login shell there is fish, which does not understand what mpirun has it do";
  for (const char* own : {"bash", "fish", ""})
    for (const bool asks : {false, true}) EXPECT_EQ(shell_problem(own, "fish", asks), fish) << own;
  EXPECT_EQ(shell_problem("bash", "tcsh", false),
            "the login shell there is tcsh, here bash, and mpirun takes it that they are alike");
  EXPECT_NE(shell_problem("tcsh", "bash", false), "");
  EXPECT_NE(shell_problem("fish", "csh", false), "") << "mpirun speaks to what it does not know as to bash";
}

TEST(ShellProblem, IsNoneWhereMpirunIsUnderstood) {
  for (const char* theirs : {"bash", "sh", "dash", "zsh", "ksh", "", "a-shell-of-my-own"})
    EXPECT_EQ(shell_problem("bash", theirs, false), "") << theirs;
  EXPECT_EQ(shell_problem("csh", "tcsh", false), "");
  EXPECT_EQ(shell_problem("bash", "tcsh", true), "") << "it asks";
  EXPECT_EQ(shell_problem("fish", "bash", false), "");
}

TEST(TemporaryFolder, IsNamedWhereItCannotBeWritten) {
  const char* before = getenv("TMPDIR");
  const std::string kept = before == nullptr ? "" : before;
  setenv("TMPDIR", "/proc/self", 1);
  EXPECT_TRUE(probe_temporary_folder().starts_with("/proc/self cannot be written ("))
      << probe_temporary_folder();
  setenv("TMPDIR", "/no/such/folder", 1);
  EXPECT_EQ(probe_temporary_folder(), "/no/such/folder cannot be written (No such file or directory)");
  if (before == nullptr)
    unsetenv("TMPDIR");
  else
    setenv("TMPDIR", kept.c_str(), 1);
  EXPECT_EQ(probe_temporary_folder(), "");
}

}  // namespace
}  // namespace smlaunch
