// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/daemon_needs.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace smlaunch {
namespace {

TEST(ShellProblem, IsALanguageThatMpirunDoesNotSpeakThere) {
  const HostCause fish{.trouble = HostTrouble::shell_not_understood, .subject = "fish"};
  for (const char* own : {"bash", "fish", ""})
    for (const bool asks : {false, true}) EXPECT_EQ(find_shell_problem(own, "fish", asks), fish) << own;
  EXPECT_EQ(find_shell_problem("bash", "tcsh", false),
            (HostCause{.trouble = HostTrouble::other_shell, .subject = "tcsh", .here = "bash"}));
  EXPECT_TRUE(find_shell_problem("tcsh", "bash", false));
  EXPECT_TRUE(find_shell_problem("fish", "csh", false))
      << "mpirun speaks to what it does not know as to bash";
}

TEST(ShellProblem, IsNoneWhereMpirunIsUnderstood) {
  for (const char* theirs : {"bash", "sh", "dash", "zsh", "ksh", "", "a-shell-of-my-own"})
    EXPECT_FALSE(find_shell_problem("bash", theirs, false)) << theirs;
  EXPECT_FALSE(find_shell_problem("csh", "tcsh", false));
  EXPECT_FALSE(find_shell_problem("bash", "tcsh", true)) << "it asks";
  EXPECT_FALSE(find_shell_problem("fish", "bash", false));
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
