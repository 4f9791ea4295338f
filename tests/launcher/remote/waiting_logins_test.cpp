// SPDX-License-Identifier: Apache-2.0
// Logins that wait for mpirun's command, with a script in the place of ssh and of the host behind it.
#include "launcher/remote/waiting_logins.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <thread>
#include <vector>

#include "launcher/process/asio_loop.hpp"
#include "launcher/remote/host_work.hpp"
#include "launcher/remote/use_waiting_login.hpp"
#include "launcher/remote/waiting_words.hpp"
#include "tests/launcher/remote/scripted_ssh.hpp"

namespace smlaunch {
namespace {

constexpr const char* answers_and_waits =
    "read -r word length; input=$(head -c \"$length\")\n"
    "echo motd; echo 'smlaunch 1.2.3'; echo \"input: $input\"; echo $$ >\"$here/pid\"; echo waits\n"
    "read -r word length || exit 0\n"
    "command=$(head -c \"$length\"); exec sh -c \"$command\"\n";

class WaitingLoginsTest : public ::testing::Test {
 protected:
  WaitingLoginsTest() { logins_.emplace(loop_, folder_.string()); }

  void write(const std::string& name, const std::string& text) const { ssh_.write(name, text); }
  std::string read(const std::string& name) const { return ssh_.read(name); }

  RemoteRequest make_request(const std::string& host) {
    RemoteRequest request;
    request.hosts = {host};
    request.timeout = std::chrono::minutes(1);
    request.login.ssh = {ssh_.path()};
    request.login.command = "smlaunch worker";
    request.login.version = "1.2.3";
    request.login.input = "a secret";
    request.login.waiting = &*logins_;
    request.login.waiting_bound = std::chrono::minutes(1);
    return request;
  }
  RemoteReport wait_for(const RemoteRequest& request) {
    RemoteReport told;
    const auto work = begin_on_hosts(loop_, request, [&](RemoteReport report) {
      told = std::move(report);
      loop_.stop();
    });
    run_loop();
    return told;
  }
  RemoteReport log_in(const std::string& host) { return wait_for(make_request(host)); }

  // As mpirun's starter of that host does, while the leader's loop runs.
  std::optional<int> run(const std::string& host, const std::string& command) {
    std::optional<int> code;
    std::thread starter([&] {
      code = run_in_waiting_login(folder_.string(), host, command);
      loop_.post([&] { loop_.stop(); });
    });
    run_loop();
    starter.join();
    return code;
  }

  void run_loop() {
    loop_.context().restart();
    loop_.run();
  }

  // A killed process that is no child of ours can only be looked for; a minute means never. The loop runs meanwhile.
  bool ends(int pid) {
    for (int i = 0; i < 6000 && ::kill(pid, 0) == 0; ++i) {
      loop_.context().restart();
      loop_.poll();
      ::usleep(10'000);
    }
    return ::kill(pid, 0) != 0;
  }

  ScriptedSsh ssh_;
  std::filesystem::path folder_ = ssh_.folder();
  AsioLoop loop_;
  std::optional<WaitingLogins> logins_;
};

TEST_F(WaitingLoginsTest, RunACommandWithItsStreamsAndItsCodeOnce) {
  write("127.0.0.2", answers_and_waits);
  const RemoteReport report = log_in("127.0.0.2");
  ASSERT_TRUE(report.ready) << to_string(report.hosts[0].cause);
  EXPECT_EQ(report.hosts[0].answer, "smlaunch 1.2.3\ninput: a secret\nwaits\n");

  EXPECT_EQ(run("127.0.0.3", "echo never"), std::nullopt) << "no login waits there";
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(run("127.0.0.2", "cat; seq 20000; echo 'in two words' >&2; exit 7"), 7);
  const std::string out = ::testing::internal::GetCapturedStdout();
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "in two words\n");
  EXPECT_EQ(out.size(), 108'894U) << "all that seq prints";
  EXPECT_TRUE(out.ends_with("\n20000\n"));
  EXPECT_EQ(run("127.0.0.2", "echo never"), std::nullopt) << "it has been used";
}

TEST_F(WaitingLoginsTest, AreOfNoUseWhenTheyHaveEnded) {
  write("127.0.0.2", answers_and_waits);
  ASSERT_TRUE(log_in("127.0.0.2").ready);
  const int pid = std::stoi(read("pid"));
  ::kill(pid, SIGKILL);
  ASSERT_TRUE(ends(pid));
  EXPECT_EQ(run("127.0.0.2", "echo never"), std::nullopt);
}

TEST_F(WaitingLoginsTest, EndWithTheLeader) {
  write("127.0.0.2", answers_and_waits);
  ASSERT_TRUE(log_in("127.0.0.2").ready);
  logins_.reset();
  EXPECT_TRUE(ends(std::stoi(read("pid"))));
}

TEST_F(WaitingLoginsTest, EndWithTheStarterThatUsesThem) {
  write("127.0.0.2", answers_and_waits);
  ASSERT_TRUE(log_in("127.0.0.2").ready);
  const pid_t starter = ::fork();
  if (starter == 0) {
    (void)run_in_waiting_login(folder_.string(), "127.0.0.2",
                               fmt::format("echo >{}/runs; exec sleep 1000", folder_.string()));
    ::_exit(0);
  }
  const int pid = std::stoi(read("pid"));
  for (int i = 0; i < 6000 && !std::filesystem::exists(folder_ / "runs"); ++i) {
    loop_.context().restart();
    loop_.poll();
    ::usleep(10'000);
  }
  EXPECT_EQ(::kill(pid, 0), 0) << "it runs";
  ::kill(starter, SIGKILL);
  ::waitpid(starter, nullptr, 0);
  EXPECT_TRUE(ends(pid));
}

TEST_F(WaitingLoginsTest, AreLostForTheirStarterWhenTheLeaderEnds) {
  write("127.0.0.2", answers_and_waits);
  ASSERT_TRUE(log_in("127.0.0.2").ready);
  std::optional<int> code;
  std::thread starter([&] {
    code = run_in_waiting_login(folder_.string(), "127.0.0.2",
                                fmt::format("echo >{}/runs; exec sleep 1000", folder_.string()));
  });
  while (!std::filesystem::exists(folder_ / "runs")) {
    loop_.context().restart();
    loop_.poll();
    ::usleep(1000);
  }
  logins_.reset();
  starter.join();
  EXPECT_EQ(code, 255);
}

TEST_F(WaitingLoginsTest, PassTheirOutputOnToAStreamThatDoesNotBlockAndIsReadLate) {
  write("127.0.0.2", answers_and_waits);
  ASSERT_TRUE(log_in("127.0.0.2").ready);
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  UniqueFd from(ends[0]);
  UniqueFd to(ends[1]);
  ::fcntl(to.get(), F_SETFL, O_NONBLOCK);
  const pid_t starter = ::fork();
  if (starter == 0) {
    ::dup2(to.get(), STDOUT_FILENO);
    ::_exit(run_in_waiting_login(folder_.string(), "127.0.0.2", "seq 100000").value_or(99));
  }
  to.reset();
  std::string out;
  std::thread reader([&] {
    ::usleep(200'000);
    char bytes[4096];
    for (ssize_t got = 0; (got = ::read(from.get(), bytes, sizeof bytes)) > 0;)
      out.append(bytes, static_cast<std::size_t>(got));
    loop_.post([&] { loop_.stop(); });
  });
  run_loop();
  reader.join();
  int status = 0;
  ::waitpid(starter, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_EQ(out.size(), 588'895U) << "all that seq prints";
}

TEST_F(WaitingLoginsTest, AreNotOfSpareHosts) {
  write("127.0.0.2", answers_and_waits);
  write("127.0.0.3", "cat >/dev/null; echo 'smlaunch 1.2.3'");
  RemoteRequest request = make_request("127.0.0.2");
  request.spare_hosts = {"127.0.0.3"};
  const RemoteReport report = wait_for(request);
  EXPECT_EQ(report.spare_hosts.at(0).state, ReadyState::ready);
  EXPECT_EQ(run("127.0.0.3", "echo never"), std::nullopt);
}

TEST_F(WaitingLoginsTest, AreNoMoreThanTheirBound) {
  std::vector<std::shared_ptr<SshLogin>> asked;
  for (std::size_t i = 0; i < most_logins_that_wait; ++i) {
    asked.push_back(std::make_shared<SshLogin>(loop_.context(), true));
    EXPECT_TRUE(logins_->take_place(asked.back()));
  }
  const auto one_more = std::make_shared<SshLogin>(loop_.context(), true);
  EXPECT_FALSE(logins_->take_place(one_more));
  asked.pop_back();
  EXPECT_TRUE(logins_->take_place(one_more)) << "one has ended";
  EXPECT_EQ(files_of_waiting_logins(2), 8U);
  EXPECT_EQ(files_of_waiting_logins(1000), 4 * most_logins_that_wait);
}

// An older one reads its input to the end before it says a word.
TEST_F(WaitingLoginsTest, AreNotWaitedForWhereAnotherVersionAnswers) {
  write("127.0.0.2", "cat >/dev/null; echo 'smlaunch 1.2.2'");
  RemoteRequest request = make_request("127.0.0.2");
  request.login.waiting_bound = std::chrono::milliseconds(100);
  const RemoteReport report = wait_for(request);
  EXPECT_EQ(to_string(report.hosts[0].cause), "smlaunch 1.2.2 there, 1.2.3 here");
}

TEST_F(WaitingLoginsTest, MayAnswerAndEndAsOthersDo) {
  write("127.0.0.2", "echo 'smlaunch 1.2.3'");
  EXPECT_TRUE(log_in("127.0.0.2").ready);
  EXPECT_EQ(run("127.0.0.2", "echo never"), std::nullopt);
}

TEST_F(WaitingLoginsTest, AreNoneWhereTheLeaderIsGoneOrSilent) {
  logins_.reset();
  EXPECT_EQ(run_in_waiting_login(folder_.string(), "127.0.0.2", "echo never"), std::nullopt);
  std::filesystem::remove(folder_ / waiting_socket_name);
  const WaitingLogins stopped(loop_, folder_.string());  // its loop does not run
  EXPECT_EQ(run_in_waiting_login(folder_.string(), "127.0.0.2", "echo never"), std::nullopt);
  EXPECT_EQ(run_in_waiting_login(folder_.string() + "/none", "127.0.0.2", "echo never"), std::nullopt);
  EXPECT_EQ(run_in_waiting_login(folder_.string() + std::string(200, 'x'), "127.0.0.2", "echo never"),
            std::nullopt);
}

}  // namespace
}  // namespace smlaunch
