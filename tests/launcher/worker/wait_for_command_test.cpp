// SPDX-License-Identifier: Apache-2.0
// A login on this host as a process of its own, with a socket in the place of ssh's connection.
#include "launcher/worker/wait_for_command.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "launcher/process/unique_fd.hpp"
#include "launcher/remote/waiting_words.hpp"

namespace smlaunch {
namespace {

struct LoginRun {
  std::string output;
  int status = -1;  // as waitpid(2) has it
};

// What a login does that gets `input`, and then the end of it.
LoginRun log_in(const std::string& input) {
  int ends[2];
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  UniqueFd own(ends[0]);
  UniqueFd theirs(ends[1]);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::signal(SIGUSR1, SIG_IGN);
    ::signal(SIGPIPE, SIG_IGN);
    ::dup2(theirs.get(), 0);
    ::dup2(theirs.get(), 1);
    const LoginInput read = read_login_input();
    const std::string line = (read.may_wait ? "may wait: " : "may not wait: ") + read.text + "\n";
    if (::write(1, line.data(), line.size()) < 0) ::_exit(99);
    ::_exit(read.may_wait ? wait_for_command() : 0);
  }
  theirs.reset();
  EXPECT_EQ(::send(own.get(), input.data(), input.size(), MSG_NOSIGNAL), static_cast<ssize_t>(input.size()));
  ::shutdown(own.get(), SHUT_WR);
  LoginRun run;
  char bytes[4096];
  for (ssize_t got = 0; (got = ::read(own.get(), bytes, sizeof bytes)) > 0;)
    run.output.append(bytes, static_cast<std::size_t>(got));
  ::waitpid(pid, &run.status, 0);
  return run;
}

TEST(WaitForCommand, GivesTheCommandToTheUsersShellAndItsInputToTheCommand) {
  const LoginRun run =
      log_in(frame_waiting("a secret\nof two lines") + frame_waiting("echo \"one\"; cat; exit 7") + "rest\n");
  EXPECT_EQ(run.output, "may wait: a secret\nof two lines\nwaits\none\nrest\n");
  ASSERT_TRUE(WIFEXITED(run.status));
  EXPECT_EQ(WEXITSTATUS(run.status), 7);
}

TEST(WaitForCommand, LeavesTheCommandNoSignalThatIsIgnored) {
  const LoginRun run = log_in(frame_waiting("") + frame_waiting("kill -USR1 $$; echo still here"));
  EXPECT_EQ(run.output, "may wait: \nwaits\n");
  ASSERT_TRUE(WIFSIGNALED(run.status));
  EXPECT_EQ(WTERMSIG(run.status), SIGUSR1);
}

TEST(WaitForCommand, EndsWellWithoutOne) {
  for (const char* rest : {"", "waiting 9\necho", "waiting x\necho", "echo never\n"}) {
    const LoginRun run = log_in(frame_waiting("") + rest);
    EXPECT_EQ(run.output, "may wait: \nwaits\n") << rest;
    ASSERT_TRUE(WIFEXITED(run.status)) << rest;
    EXPECT_EQ(WEXITSTATUS(run.status), 0) << rest;
  }
}

TEST(WaitForCommand, IsNotAskedForByAnInputWithoutItsLine) {
  for (const std::string& input : {std::string(), std::string("{\"a\": 1}\n"), std::string("waiting 3\nab"),
                                   std::string("waiting x\nabc"), std::string(10'000, 'x')}) {
    const LoginRun run = log_in(input);
    EXPECT_TRUE(run.output.starts_with("may not wait: ")) << input;
    ASSERT_TRUE(WIFEXITED(run.status)) << input;
  }
  EXPECT_EQ(log_in("{\"a\": 1}\n").output, "may not wait: {\"a\": 1}\n\n");
}

}  // namespace
}  // namespace smlaunch
