// SPDX-License-Identifier: Apache-2.0
// The wait for hosts, beyond their SSH banner, with a script in the place of ssh.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>

#include "launcher/process/asio_loop.hpp"
#include "launcher/process/orphan_reaper.hpp"
#include "launcher/remote/host_work.hpp"
#include "launcher/remote/run_on_hosts.hpp"
#include "tests/launcher/remote/fake_hosts.hpp"
#include "tests/launcher/remote/scripted_ssh.hpp"

namespace smlaunch {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class RunOnHostsLogin : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) const { ssh_.write(name, text); }
  std::string read(const std::string& name) const { return ssh_.read(name); }
  void host_does(const std::string& host, const std::string& script) {
    write(host, script + "\n");
    hosts_.push_back(host);
  }
  RemoteRequest request() const {
    RemoteRequest all;
    all.hosts = hosts_;
    all.port = servers_.port();
    all.timeout = seconds(120);
    all.login.ssh = {ssh_.path()};
    all.login.command = "smlaunch worker --greet 'a b'";
    all.login.version = "1.2.3";
    return all;
  }

  // Whether the process that wrote its id there still runs.
  bool runs(const std::string& name) const {
    std::ifstream stat("/proc/" + std::to_string(std::stoi(read(name))) + "/stat");
    std::string line;
    std::getline(stat, line);
    const std::size_t name_end = line.rfind(')');
    return name_end != std::string::npos && line.at(name_end + 2) != 'Z' && line.at(name_end + 2) != 'X';
  }

  // A killed process is no child of ours, so its end can only be looked for; a minute means never.
  bool ends(const std::string& name) const {
    for (int i = 0; i < 6000 && runs(name); ++i) ::usleep(10'000);
    return !runs(name);
  }

  ScriptedSsh ssh_;
  FakeHost servers_{"0.0.0.0", 0, Greets::with_banner};
  std::vector<std::string> hosts_;
};

TEST_F(RunOnHostsLogin, IsReadyWithOurVersionEvenAfterNoise) {
  host_does("127.0.0.2", "echo 'smlaunch 1.2.3'; echo more");
  host_does("127.0.0.3", "echo motd; echo warning >&2; seq 20000; echo 'smlaunch 1.2.3'");
  const RemoteReport report = run_on_hosts(request());
  EXPECT_TRUE(report.ready) << to_string(report.hosts[0].cause) << to_string(report.hosts[1].cause);
  EXPECT_EQ(report.hosts[0].answer, "smlaunch 1.2.3\nmore\n");
  EXPECT_EQ(report.hosts[0].stage, ReadyStage::smlaunch);
  EXPECT_EQ(report.hosts[1].answer, "smlaunch 1.2.3\n") << "what came before is no part of it";
}

TEST_F(RunOnHostsLogin, GivesSshItsOptionsTheHostAndTheCommandAsOneWord) {
  host_does("127.0.0.2", "echo 'smlaunch 1.2.3'");
  RemoteRequest with_option = request();
  with_option.login.ssh.push_back("-q");
  EXPECT_TRUE(run_on_hosts(with_option).ready);
  EXPECT_EQ(
      read("arguments"),
      fmt::format("-q\n-o\nBatchMode=yes\n-o\nConnectTimeout=10\n-o\nServerAliveInterval=5\n-o\n"
                  "ServerAliveCountMax=2\n-p\n{}\n-x\n-T\n--\n127.0.0.2\nsmlaunch worker --greet 'a b'\n",
                  servers_.port()));
}

TEST_F(RunOnHostsLogin, HandsTheInputToTheLoginWhateverItsLength) {
  host_does("127.0.0.2", "cat > \"$here/input\"; echo 'smlaunch 1.2.3'");
  for (const std::size_t length : {0U, 20U, 300'000U}) {
    RemoteRequest with_input = request();
    with_input.login.input = std::string(length, 's');
    EXPECT_TRUE(run_on_hosts(with_input).ready);
    EXPECT_EQ(read("input").size(), length);
  }
}

TEST_F(RunOnHostsLogin, DoesNotMindALoginThatReadsNoInputAndWritesMuch) {
  host_does("127.0.0.2", "exec 0<&-; echo 'smlaunch 1.2.3'; seq 200000; seq 200000 >&2");
  RemoteRequest with_input = request();
  with_input.login.input = std::string(300'000, 's');
  const RemoteReport report = run_on_hosts(with_input);
  EXPECT_TRUE(report.ready);
  EXPECT_EQ(report.hosts[0].answer.size(), 4096U);
}

TEST_F(RunOnHostsLogin, ReturnsAtOnceWithTheHostThatCanNeverBeReady) {
  struct Case {
    const char* script;
    ReadyStage stage;
    const char* cause;
  };
  const std::vector<Case> table = {
      {"echo 'root@127.0.0.9: Permission denied (publickey).' >&2; exit 255", ReadyStage::login,
       "SSH login denied (publickey)"},
      {"echo 'Host key verification failed.' >&2; exit 255", ReadyStage::login, "SSH host key not known"},
      {"echo 'smlaunch 1.2.4'", ReadyStage::smlaunch, "smlaunch 1.2.4 there, 1.2.3 here"},
      {"no-such-program-as-smlaunch 2>/dev/null", ReadyStage::smlaunch, "no smlaunch there"},
  };
  for (const Case& one : table) {
    hosts_.clear();
    std::filesystem::remove(ssh_.folder() / "pid");
    host_does("127.0.0.8", "echo $$ > \"$here/pid\"; exec sleep 1000");
    host_does("127.0.0.9", std::string("while ! [ -s \"$here/pid\" ]; do sleep 0.01; done\n") + one.script);
    RemoteRequest forever = request();
    forever.timeout = std::chrono::hours(1);
    const RemoteReport report = run_on_hosts(forever);
    EXPECT_FALSE(report.ready);
    EXPECT_EQ(report.hosts[1].state, ReadyState::failed);
    EXPECT_EQ(to_string(report.hosts[1].stage), to_string(one.stage));
    EXPECT_EQ(to_string(report.hosts[1].cause), one.cause);
    EXPECT_EQ(report.hosts[0].state, ReadyState::waiting) << "the others keep their present state";
    EXPECT_FALSE(runs("pid")) << "no ssh client stays";
  }
}

TEST_F(RunOnHostsLogin, NamesASshThatIsNotThere) {
  host_does("127.0.0.2", "exit 0");
  RemoteRequest without = request();
  without.login.ssh = {"/no/such/ssh"};
  const RemoteReport report = run_on_hosts(without);
  EXPECT_EQ(report.hosts[0].state, ReadyState::failed);
  EXPECT_EQ(to_string(report.hosts[0].cause), "cannot run ssh on this machine: No such file or directory");
}

TEST_F(RunOnHostsLogin, EndsALoginThatHangsAndTriesAgain) {
  host_does("127.0.0.2",
            "[ -e \"$here/pid\" ] && { echo 'smlaunch 1.2.3'; exit; }\n"
            "echo $$ > \"$here/pid\"; exec sleep 1000");
  RemoteRequest impatient = request();
  impatient.login.deadline = seconds(1);
  EXPECT_TRUE(run_on_hosts(impatient).ready);
  EXPECT_FALSE(runs("pid"));
}

TEST_F(RunOnHostsLogin, SaysThatALoginHangsAtTheTimeOutAndEndsIt) {
  host_does("127.0.0.2", "echo $$ > \"$here/pid\"; exec sleep 1000");
  RemoteRequest impatient = request();
  impatient.login.deadline = milliseconds(500);
  impatient.timeout = seconds(2);
  const RemoteReport report = run_on_hosts(impatient);
  EXPECT_EQ(report.hosts[0].state, ReadyState::waiting);
  EXPECT_EQ(to_string(report.hosts[0].cause), "SSH login hangs");
  EXPECT_EQ(report.stopped_by_signal, 0);
  EXPECT_FALSE(runs("pid"));
}

TEST_F(RunOnHostsLogin, EndsTheHelpersOfAHangingLoginToo) {
  host_does("127.0.0.2", "sleep 1000 & echo $! > \"$here/helper\"; wait");
  RemoteRequest impatient = request();
  impatient.timeout = seconds(2);
  EXPECT_FALSE(run_on_hosts(impatient).ready);
  EXPECT_TRUE(ends("helper"));
}

TEST_F(RunOnHostsLogin, DoesNotWaitForWhoeverKeepsTheOutputOpen) {
  // As a connection that ssh leaves open for others would: in a session of its own.
  host_does("127.0.0.2",
            "setsid sh -c 'echo $$ > \"$0/holder\"; exec sleep 1000' \"$here\" &\n"
            "while ! [ -s \"$here/holder\" ]; do sleep 0.01; done; echo 'smlaunch 1.2.3'");
  EXPECT_TRUE(run_on_hosts(request()).ready);
  EXPECT_TRUE(runs("holder"));
  ::kill(std::stoi(read("holder")), SIGKILL);
}

TEST_F(RunOnHostsLogin, ComesBackToAFailedLoginThatMayHeal) {
  host_does("127.0.0.2",
            "[ -e \"$here/seen\" ] && { echo 'smlaunch 1.2.3'; exit; }\n"
            "touch \"$here/seen\"; echo 'Connection closed by 127.0.0.2 port 22' >&2; exit 255");
  EXPECT_TRUE(run_on_hosts(request()).ready);
}

TEST_F(RunOnHostsLogin, RunsNoMoreLoginsAtOnceThanAskedForAndAllInTurn) {
  for (int i = 1; i <= 12; ++i) {
    // A third one at the same time would find both places taken.
    host_does(
        fmt::format("127.0.3.{}", i),
        "place=none; for i in 1 2; do mkdir \"$here/place$i\" 2>/dev/null && { place=$i; break; }; done\n"
        "[ $place = none ] && { echo 'too many at once' >&2; exit 126; }\n"
        "sleep 0.05; rmdir \"$here/place$place\"; echo 'smlaunch 1.2.3'");
  }
  RemoteRequest two = request();
  two.login.at_once = 2;
  const RemoteReport report = run_on_hosts(two);
  EXPECT_TRUE(report.ready);
  for (const HostReadiness& host : report.hosts) EXPECT_EQ(host.cause, HostCause());
}

TEST_F(RunOnHostsLogin, ConnectsToNoHostButByItsLogin) {
  host_does("127.0.0.2", "echo 'smlaunch 1.2.3'");
  host_does("127.0.0.3", "echo 'smlaunch 1.2.3'");
  EXPECT_TRUE(run_on_hosts(request()).ready);
  EXPECT_EQ(servers_.visits(), 0) << "each visit makes sshd start a process";
}

TEST_F(RunOnHostsLogin, WhoWaitsForATurnLooksAtThePortAndLogsInWhenItComes) {
  host_does("127.0.0.2", "while ! [ -e \"$here/go\" ]; do sleep 0.01; done; echo 'smlaunch 1.2.3'");
  host_does("127.0.0.3", "echo 'smlaunch 1.2.3'");
  RemoteRequest in_line = request();
  in_line.login.at_once = 1;
  in_line.slow_turn = milliseconds(1);
  in_line.slow_login = std::chrono::hours(1);
  in_line.progress = [&](const RemoteReport&) {
    if (servers_.visits() > 0) write("go", "");
  };
  EXPECT_TRUE(run_on_hosts(in_line).ready);
  EXPECT_EQ(servers_.visits(), 1);
}

TEST_F(RunOnHostsLogin, ALoginThatIsSlowEndsWhereThePortHasNoSshServer) {
  const FakeHost closes("127.0.0.2", 0, Greets::closes);
  host_does("127.0.0.2", "[ -e \"$here/pid\" ] || { echo $$ > \"$here/pid\"; exec sleep 1000; }; exit 1");
  RemoteRequest slow = request();
  slow.port = closes.port();
  slow.slow_login = milliseconds(100);
  slow.is_pointless = [&] { return closes.visits() > 1; };
  const RemoteReport report = run_on_hosts(slow);
  EXPECT_EQ(report.hosts[0].cause.trouble, HostTrouble::closed_before_banner)
      << to_string(report.hosts[0].cause);
  EXPECT_FALSE(!read("pid").empty() && runs("pid"));
}

TEST_F(RunOnHostsLogin, EndsTheLoginsOnASignal) {
  // A shell that has started this in the background has it ignored, and then it stays so.
  ::signal(SIGINT, SIG_DFL);
  host_does("127.0.0.2", "echo $$ > \"$here/pid\"; exec sleep 1000");
  RemoteRequest stopped = request();
  stopped.timeout = std::chrono::hours(1);
  stopped.progress = [&](const RemoteReport& report) {
    if (report.stopped_by_signal == 0 && !read("pid").empty()) ::kill(::getpid(), SIGINT);
  };
  EXPECT_EQ(run_on_hosts(stopped).stopped_by_signal, SIGINT);
  EXPECT_FALSE(runs("pid"));
}

TEST_F(RunOnHostsLogin, WorksShareALoopAndOneThatIsGoneTellsNobodyAndLeavesNoSsh) {
  host_does("127.0.0.2", "echo $$ > \"$here/pid\"; exec sleep 1000");
  host_does("127.0.0.3", "while ! [ -s \"$here/pid\" ]; do sleep 0.01; done; echo 'smlaunch 1.2.3'");
  RemoteRequest hangs = request();
  hangs.hosts = {"127.0.0.2"};
  RemoteRequest answers = request();
  answers.hosts = {"127.0.0.3"};
  AsioLoop loop;
  auto gone = begin_on_hosts(loop, hangs, [](const RemoteReport&) { FAIL(); });
  RemoteReport report;
  const auto kept = begin_on_hosts(loop, answers, [&](RemoteReport made) {
    report = std::move(made);
    EXPECT_TRUE(runs("pid"));
    gone.reset();
    EXPECT_FALSE(runs("pid"));
    loop.post([&] { loop.stop(); });
  });
  loop.run();
  EXPECT_TRUE(report.ready);
}

TEST_F(RunOnHostsLogin, EndsWhenWaitingIsPointless) {
  host_does("127.0.0.2", "echo $$ > \"$here/pid\"; exec sleep 1000");
  RemoteRequest pointless = request();
  pointless.timeout = std::chrono::hours(1);
  pointless.is_pointless = [&] { return !read("pid").empty(); };
  const RemoteReport report = run_on_hosts(pointless);
  EXPECT_TRUE(report.is_given_up);
  EXPECT_FALSE(report.ready);
  EXPECT_EQ(report.stopped_by_signal, 0);
  EXPECT_FALSE(runs("pid"));
}

// The leader's run takes every child out of the process table that nobody else waits for.
TEST_F(RunOnHostsLogin, KnowsHowItsSshEndedThoughOrphansAreReapedBesideIt) {
  host_does("127.0.0.2", "echo 'smlaunch 1.2.3'");
  AsioLoop loop;
  const OrphanReaper reaper(loop.context());
  RemoteReport report;
  const auto work = begin_on_hosts(loop, request(), [&](RemoteReport made) {
    report = std::move(made);
    loop.stop();
  });
  loop.run();
  EXPECT_TRUE(report.ready) << to_string(report.hosts[0].cause);
}

TEST_F(RunOnHostsLogin, TakesAnyEndOfTheCommandForALoginWhenAskedOnlyForThat) {
  host_does("127.0.0.2", "exit 127");
  RemoteRequest login = request();
  login.until = ReadyStage::login;
  EXPECT_TRUE(run_on_hosts(login).ready);
}

}  // namespace
}  // namespace smlaunch
