// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/daemon_needs.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>

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

TEST(DaemonProblem, IsWhateverKeepsItFromPrintingItsOptions) {
  const std::string usage = "Usage: orted [OPTION]...\nStart an Open RTE Daemon\n";
  EXPECT_EQ(daemon_problem(Exited{1}, usage), std::nullopt) << "as Open MPI 4 ends";
  EXPECT_EQ(daemon_problem(Exited{0}, ""), std::nullopt);
  EXPECT_EQ(daemon_problem(Signaled{11, false}, usage), "was killed by signal 11 (SIGSEGV)");
  EXPECT_EQ(daemon_problem(Exited{1}, ""), "exited with code 1");
  EXPECT_EQ(daemon_problem(Exited{127}, "\norted: error while loading shared libraries: liborte.so.40\nx\n"),
            "says: orted: error while loading shared libraries: liborte.so.40");
}

TEST(DaemonProblem, IsFoundByAskingIt) {
  EXPECT_EQ(probe_daemon("/bin/true"), std::nullopt);
  EXPECT_EQ(probe_daemon("/proc/self/environ").value_or("").substr(0, 21), "could not be asked (P")
      << "it cannot be executed";
}

TEST(TemporaryFolder, MayBeOneThatRunsNoPrograms) {
  std::ifstream mounts("/proc/mounts");
  std::string device;
  std::string folder;
  std::string type;
  std::string options;
  std::string rest;
  while (mounts >> device >> folder >> type >> options && std::getline(mounts, rest))
    if (options.find("noexec") != std::string::npos) break;
  const char* before = getenv("TMPDIR");
  const std::string kept = before == nullptr ? "" : before;
  setenv("TMPDIR", "/bin", 1);
  EXPECT_EQ(probe_noexec_folder(), "");
  setenv("TMPDIR", folder.c_str(), 1);
  if (mounts) {
    EXPECT_EQ(probe_noexec_folder(), folder);
  }
  if (before == nullptr)
    unsetenv("TMPDIR");
  else
    setenv("TMPDIR", kept.c_str(), 1);
  if (!mounts) GTEST_SKIP() << "nothing is mounted noexec here";
}

TEST(TemporaryFolder, IsNamedWhereItCannotBeWritten) {
  const char* before = getenv("TMPDIR");
  const std::string kept = before == nullptr ? "" : before;
  setenv("TMPDIR", "/proc/self", 1);
  EXPECT_TRUE(probe_temporary_folder().value_or("").starts_with("/proc/self cannot be written ("))
      << probe_temporary_folder().value_or("nothing");
  setenv("TMPDIR", "/no/such/folder", 1);
  EXPECT_EQ(probe_temporary_folder(), "/no/such/folder cannot be written (No such file or directory)");
  if (before == nullptr)
    unsetenv("TMPDIR");
  else
    setenv("TMPDIR", kept.c_str(), 1);
  EXPECT_EQ(probe_temporary_folder(), std::nullopt);
}

}  // namespace
}  // namespace smlaunch
