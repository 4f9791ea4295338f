// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/host_probe.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace smlaunch {
namespace {

using Millis = HostProbe::Millis;

std::string in_words(const HostProbe::Action& action) {
  struct {
    std::string operator()(const HostProbe::AskSsh&) { return "ask ssh"; }
    std::string operator()(const HostProbe::Resolve& one) {
      return one.name == "algo-2" ? "resolve" : "resolve " + one.name;
    }
    std::string operator()(const HostProbe::Connect& one) {
      return "connect " + one.address + (one.port == 22 ? "" : fmt::format(" at {}", one.port));
    }
    std::string operator()(const HostProbe::ReadBanner&) { return "read banner"; }
    std::string operator()(const HostProbe::Login& one) {
      return fmt::format("login {} ms{}", one.deadline.count(), one.is_first ? " at once" : "");
    }
    std::string operator()(const HostProbe::KeepLogin&) { return "keep login"; }
    std::string operator()(const HostProbe::Wait&) { return "wait"; }
    std::string operator()(const HostProbe::GoOn&) { return "go on"; }
    std::string operator()(const HostProbe::Finish& one) { return "finish " + to_string(one.state); }
  } words;
  return std::visit(words, action);
}

HostProbe::Settings settings(ReadyStage until = ReadyStage::smlaunch) {
  HostProbe::Settings all;
  all.host = "algo-2";
  all.until = until;
  all.version = "1.2.3";
  return all;
}

const HostProbe::Event two_addresses = HostProbe::Resolved{{"fd00::2", "10.0.0.2"}};
const HostProbe::Event one_address = HostProbe::Resolved{{"10.0.0.2"}};

HostProbe::Event login_ended(int code, std::string out, std::string err = {}) {
  return HostProbe::LoginEnded{LoginEnd{code, 0, std::move(out), std::move(err)}};
}

const HostProbe::Event refused_login =
    login_ended(255, "", "ssh: connect to host algo-2 port 22: Connection refused\r\n");

// Its first login has failed, so it looks at the port in every round, the present one included.
HostProbe looking_probe(const HostProbe::Settings& all = settings()) {
  HostProbe probe(all);
  probe.step(one_address, Millis{0});
  probe.step(HostProbe::LoginStarted{}, Millis{0});
  EXPECT_EQ(in_words(probe.step(refused_login, Millis{0})), "connect 10.0.0.2");
  return probe;
}

TEST(HostProbe, SaysThatALoginIsUnderWayOnlyWhileNothingIsWrongWithIt) {
  HostProbe probe(settings());
  EXPECT_FALSE(probe.status(Millis{1}).login_under_way);
  probe.step(one_address, Millis{3});
  EXPECT_TRUE(probe.status(Millis{4}).login_under_way) << "it waits for its turn";
  probe.step(HostProbe::LoginStarted{}, Millis{5});
  EXPECT_TRUE(probe.status(Millis{6}).login_under_way);
  EXPECT_TRUE(probe.status(Millis{19000}).login_under_way) << "it takes long";
  probe.step(login_ended(255, "", "no"), Millis{20000});
  EXPECT_EQ(to_string(probe.status(Millis{20001}).cause), "SSH login failed (no)");
  EXPECT_FALSE(probe.status(Millis{20001}).login_under_way);
}

TEST(HostProbe, WaitsOnWhatSshWouldConnectTo) {
  HostProbe::Settings all = settings();
  all.asks_ssh = true;
  HostProbe probe(all);
  EXPECT_EQ(in_words(probe.start()), "ask ssh");
  EXPECT_EQ(in_words(probe.step(HostProbe::SshAsked{{"10.9.0.2", 2222, false}}, Millis{1})),
            "resolve 10.9.0.2");
  EXPECT_EQ(in_words(probe.step(HostProbe::Resolved{{"10.9.0.2"}}, Millis{2})), "login 20000 ms at once");
  EXPECT_EQ(in_words(probe.step(refused_login, Millis{2})), "connect 10.9.0.2 at 2222");
  EXPECT_EQ(in_words(probe.step(HostProbe::ConnectFailed{ECONNREFUSED}, Millis{3})), "wait");
  EXPECT_EQ(to_string(probe.status(Millis{3}).cause), "TCP refused (10.9.0.2 port 2222)");
  EXPECT_EQ(in_words(probe.step(HostProbe::WaitOver{}, Millis{4})), "resolve 10.9.0.2");
}

TEST(HostProbe, LeavesAHostBehindAProxyToTheLoginAlone) {
  HostProbe::Settings all = settings();
  all.asks_ssh = true;
  HostProbe probe(all);
  EXPECT_EQ(in_words(probe.step(HostProbe::SshAsked{{"inside", 22, true}}, Millis{1})), "login 20000 ms");
  probe.step(HostProbe::LoginStarted{}, Millis{2});
  EXPECT_EQ(in_words(probe.step(login_ended(255, "", "channel 0: open failed"), Millis{3})), "wait");
  EXPECT_EQ(in_words(probe.step(HostProbe::WaitOver{}, Millis{4})), "login 20000 ms");
  EXPECT_EQ(in_words(probe.step(login_ended(0, "smlaunch 1.2.3\n"), Millis{5})), "finish ready");
  all.until = ReadyStage::banner;
  HostProbe nearer(all);
  EXPECT_EQ(in_words(nearer.step(HostProbe::SshAsked{{"inside", 22, true}}, Millis{1})), "finish ready")
      << "there is no banner to read";
}

TEST(HostProbe, GoesFromNameToSmlaunchWhenNothingFails) {
  HostProbe probe(settings());
  EXPECT_EQ(in_words(probe.start()), "resolve");
  EXPECT_EQ(in_words(probe.step(one_address, Millis{1})), "login 20000 ms at once") << "no look at the port";
  EXPECT_EQ(in_words(probe.step(HostProbe::LoginStarted{}, Millis{4})), "go on");
  EXPECT_EQ(in_words(probe.step(login_ended(0, "Welcome\nsmlaunch 1.2.3\nhello\n"), Millis{500})),
            "finish ready");
  const HostReadiness host = probe.status(Millis{9000});
  EXPECT_EQ(host.state, ReadyState::ready);
  EXPECT_EQ(host.stage, ReadyStage::smlaunch);
  EXPECT_EQ(to_string(host.cause), "");
  EXPECT_EQ(host.remedy, "");
  EXPECT_EQ(host.seconds, 0.5);
  EXPECT_EQ(host.answer, "smlaunch 1.2.3\nhello\n");
}

TEST(HostProbe, IsJudgedByItsAnswer) {
  HostProbe::Settings all = settings();
  all.judge = [](const std::string& answer) -> std::optional<HostProblem> {
    if (answer.find("no daemon") == std::string::npos) return {};
    return HostProblem{.cause = {.trouble = HostTrouble::daemon_missing}, .remedy = "install it"};
  };
  HostProbe fine(all);
  fine.step(one_address, Millis{1});
  EXPECT_EQ(in_words(fine.step(login_ended(0, "smlaunch 1.2.3\nworker\n"), Millis{5})), "finish ready");
  HostProbe lacking(all);
  lacking.step(one_address, Millis{1});
  EXPECT_EQ(in_words(lacking.step(login_ended(0, "smlaunch 1.2.3\nno daemon\n"), Millis{5})),
            "finish failed");
  const HostReadiness host = lacking.status(Millis{9000});
  EXPECT_EQ(host.stage, ReadyStage::smlaunch);
  EXPECT_EQ(host.cause.trouble, HostTrouble::daemon_missing);
  EXPECT_EQ(host.remedy, "install it");
  EXPECT_EQ(host.answer, "smlaunch 1.2.3\nno daemon\n");
}

TEST(HostProbe, EndsAtTheStageItWasAskedFor) {
  const std::vector<std::pair<ReadyStage, std::vector<HostProbe::Event>>> table = {
      {ReadyStage::name, {one_address}},
      {ReadyStage::tcp, {one_address, HostProbe::Connected{}}},
      {ReadyStage::banner, {one_address, HostProbe::Connected{}, HostProbe::BannerRead{}}},
      {ReadyStage::login,
       {one_address, HostProbe::LoginStarted{}, login_ended(127, "", "sh: smlaunch: not found\n")}},
  };
  for (const auto& [until, events] : table) {
    HostProbe probe(settings(until));
    HostProbe::Action action = probe.start();
    for (const auto& event : events) {
      EXPECT_NE(in_words(action), "finish ready");
      action = probe.step(event, Millis{1});
    }
    EXPECT_EQ(in_words(action), "finish ready") << to_string(until);
    EXPECT_EQ(probe.status(Millis{1}).stage, until);
  }
}

struct Stuck {
  std::vector<HostProbe::Event> events;
  ReadyStage stage;
  std::string cause;
};

TEST(HostProbe, SaysInWordsWhatHealsWithTimeAndTriesAgain) {
  const HostProbe::Connected connected;
  const HostProbe::BannerRead banner;
  const std::vector<Stuck> table = {
      {{HostProbe::NameFailed{"Name or service not known"}},
       ReadyStage::name,
       "name unknown (Name or service not known)"},
      {{HostProbe::Resolved{}}, ReadyStage::name, "name unknown (no address)"},
      {{one_address, refused_login, HostProbe::ConnectFailed{ECONNREFUSED}},
       ReadyStage::tcp,
       "TCP refused (10.0.0.2 port 22)"},
      {{one_address, refused_login, HostProbe::ConnectFailed{EHOSTUNREACH}},
       ReadyStage::tcp,
       "TCP unreachable (10.0.0.2 port 22)"},
      {{one_address, refused_login, HostProbe::ConnectFailed{ENETUNREACH}},
       ReadyStage::tcp,
       "TCP unreachable (10.0.0.2 port 22)"},
      {{one_address, refused_login, HostProbe::ConnectFailed{ETIMEDOUT}},
       ReadyStage::tcp,
       "TCP without an answer (10.0.0.2 port 22)"},
      {{one_address, refused_login, HostProbe::ConnectFailed{ECONNRESET}},
       ReadyStage::tcp,
       "TCP reset (10.0.0.2 port 22)"},
      {{one_address, refused_login, HostProbe::ConnectFailed{EMFILE}},
       ReadyStage::tcp,
       "TCP failed: Too many open files (10.0.0.2 port 22)"},
      {{one_address, refused_login, connected, HostProbe::BannerTimeout{}},
       ReadyStage::banner,
       "no SSH banner (10.0.0.2 port 22, 5 s waited)"},
      {{one_address, refused_login, connected, HostProbe::BannerClosed{}},
       ReadyStage::banner,
       "SSH connection closed before a banner (10.0.0.2 port 22)"},
      {{one_address, refused_login, connected, HostProbe::BannerClosed{ECONNRESET, ""}},
       ReadyStage::banner,
       "SSH connection reset before a banner (10.0.0.2 port 22)"},
      {{one_address, refused_login, connected, HostProbe::BannerClosed{0, "HTTP/1.1 400 Bad\x1bRequest"}},
       ReadyStage::banner,
       "SSH connection closed before a banner (10.0.0.2 port 22, it says \"HTTP/1.1 400 Bad?Request\")"},
      {{one_address, refused_login, connected, banner, HostProbe::LoginStarted{}, HostProbe::LoginHung{}},
       ReadyStage::login,
       "SSH login hangs"},
      {{one_address, refused_login, connected, banner, HostProbe::LoginStarted{},
        HostProbe::LoginNotStarted{EAGAIN}},
       ReadyStage::login,
       "cannot run ssh on this machine: Resource temporarily unavailable"},
      {{one_address, refused_login, connected, banner, HostProbe::LoginStarted{}, refused_login},
       ReadyStage::tcp,
       "TCP refused (ssh: connect to host algo-2 port 22: Connection refused)"},
  };
  for (const Stuck& one : table) {
    HostProbe probe(settings());
    HostProbe::Action action = probe.start();
    for (const auto& event : one.events) action = probe.step(event, Millis{1000});
    EXPECT_EQ(in_words(action), "wait") << one.cause;
    const HostReadiness host = probe.status(Millis{4000});
    EXPECT_EQ(host.state, ReadyState::waiting);
    EXPECT_EQ(to_string(host.stage), to_string(one.stage)) << one.cause;
    EXPECT_EQ(to_string(host.cause), one.cause);
    EXPECT_NE(host.remedy, "") << one.cause;
    EXPECT_EQ(host.since, one.events.size() == 1 ? 0.0 : 1.0)
        << "when the failed attempt began: " << one.cause;
    EXPECT_EQ(host.seconds, 4.0) << one.cause;
    EXPECT_EQ(in_words(probe.step(HostProbe::WaitOver{}, Millis{5000})), "resolve") << one.cause;
  }
}

TEST(HostProbe, BelievesAWorkerThatSaysWhyItCannotStart) {
  HostProbe probe = looking_probe();
  probe.step(HostProbe::Connected{}, Millis{0});
  const auto action = probe.step(
      HostProbe::BannerClosed{0, "smlaunch cannot start here: /usr/sbin/sshd is not there"}, Millis{300});
  EXPECT_EQ(in_words(action), "finish failed");
  const HostReadiness host = probe.status(Millis{300});
  EXPECT_EQ(host.stage, ReadyStage::smlaunch);
  EXPECT_EQ(to_string(host.cause), "smlaunch cannot start there: /usr/sbin/sshd is not there");
}

TEST(HostProbe, GivesUpAtOnceOnWhatNeverHeals) {
  const std::vector<std::pair<HostProbe::Event, std::string>> table = {
      {login_ended(255, "", "root@algo-2: Permission denied (publickey).\n"), "SSH login denied (publickey)"},
      {login_ended(0, "smlaunch 1.2.2\n"), "smlaunch 1.2.2 there, 1.2.3 here"},
      {login_ended(127, "", "bash: line 1: smlaunch: command not found\n"),
       "no smlaunch there (bash: line 1: smlaunch: command not found)"},
      {HostProbe::LoginNotStarted{ENOENT}, "cannot run ssh on this machine: No such file or directory"},
  };
  for (const auto& [event, cause] : table) {
    HostProbe probe(settings());
    probe.step(one_address, Millis{0});
    probe.step(HostProbe::LoginStarted{}, Millis{0});
    EXPECT_EQ(in_words(probe.step(event, Millis{300})), "finish failed");
    EXPECT_EQ(to_string(probe.status(Millis{999}).cause), cause);
    EXPECT_EQ(probe.status(Millis{999}).seconds, 0.3);
    EXPECT_EQ(in_words(probe.step(HostProbe::WaitOver{}, Millis{400})), "go on") << "finished is finished";
    HostProbe later = looking_probe();
    later.step(HostProbe::Connected{}, Millis{0});
    later.step(HostProbe::BannerRead{}, Millis{0});
    later.step(HostProbe::LoginStarted{}, Millis{0});
    EXPECT_EQ(in_words(later.step(event, Millis{300})), "finish failed");
  }
}

TEST(HostProbe, TriesEveryAddressInTurnAndReportsTheOneThatGotFurthest) {
  HostProbe probe(settings());
  probe.step(two_addresses, Millis{0});
  EXPECT_EQ(in_words(probe.step(refused_login, Millis{0})), "connect fd00::2");
  EXPECT_EQ(in_words(probe.step(HostProbe::Connected{}, Millis{1})), "read banner");
  EXPECT_EQ(in_words(probe.step(HostProbe::BannerTimeout{}, Millis{5000})), "connect 10.0.0.2");
  EXPECT_EQ(in_words(probe.step(HostProbe::ConnectFailed{ECONNREFUSED}, Millis{5001})), "wait");
  EXPECT_EQ(to_string(probe.status(Millis{5002}).cause), "no SSH banner (fd00::2 port 22, 5 s waited)");

  EXPECT_EQ(in_words(probe.step(HostProbe::WaitOver{}, Millis{6000})), "resolve");
  EXPECT_EQ(in_words(probe.step(two_addresses, Millis{6000})), "connect fd00::2");
  EXPECT_EQ(in_words(probe.step(HostProbe::ConnectFailed{ECONNREFUSED}, Millis{6000})), "connect 10.0.0.2");
  EXPECT_EQ(in_words(probe.step(HostProbe::Connected{}, Millis{6000})), "read banner");
  EXPECT_EQ(in_words(probe.step(HostProbe::BannerRead{}, Millis{6000})), "login 20000 ms");
}

TEST(HostProbe, KeepsTheSinceOfACauseOverItsRetriesAndDoesNotFlickerInBetween) {
  HostProbe probe(settings(ReadyStage::banner));
  probe.step(one_address, Millis{100});
  probe.step(HostProbe::ConnectFailed{ECONNREFUSED}, Millis{200});
  for (int now = 1000; now < 5000; now += 1000) {
    probe.step(HostProbe::WaitOver{}, Millis{now});
    EXPECT_EQ(to_string(probe.status(Millis{now}).cause), "TCP refused (10.0.0.2 port 22)");
    probe.step(one_address, Millis{now});
    EXPECT_EQ(to_string(probe.status(Millis{now}).cause), "TCP refused (10.0.0.2 port 22)");
    probe.step(HostProbe::ConnectFailed{ECONNREFUSED}, Millis{now});
  }
  EXPECT_EQ(probe.status(Millis{6000}).since, 0.1);
  // Another cause begins anew, and beyond the failed stage the progress is shown.
  probe.step(HostProbe::WaitOver{}, Millis{6000});
  probe.step(one_address, Millis{6000});
  probe.step(HostProbe::Connected{}, Millis{6100});
  EXPECT_EQ(to_string(probe.status(Millis{6200}).cause), "SSH banner awaited");
  EXPECT_EQ(probe.status(Millis{6200}).since, 6.1);
  probe.step(HostProbe::BannerClosed{}, Millis{6300});
  EXPECT_EQ(probe.status(Millis{7000}).since, 6.1);
}

Millis fail_and_wait(HostProbe& probe, int now) {
  probe.step(one_address, Millis{now});
  const auto action = probe.step(HostProbe::ConnectFailed{ECONNREFUSED}, Millis{now});
  probe.step(HostProbe::WaitOver{}, Millis{now});
  return std::get<HostProbe::Wait>(action).time;
}

TEST(HostProbe, WaitsTwiceAsLongAfterEachFailureUpToFiveSecondsWithJitter) {
  std::vector<Millis> of_one;
  bool differ = false;
  for (unsigned seed = 1; seed <= 20; ++seed) {
    HostProbe::Settings with_seed = settings(ReadyStage::banner);
    with_seed.seed = seed;
    HostProbe probe(with_seed);
    int whole = 100;
    for (std::size_t i = 0; i < 10; ++i) {
      const Millis time = fail_and_wait(probe, 0);
      EXPECT_GE(time.count(), whole / 2);
      EXPECT_LE(time.count(), whole);
      if (seed == 1) {
        of_one.push_back(time);
      } else if (time != of_one[i]) {
        differ = true;
      }
      whole = std::min(2 * whole, 5000);
    }
  }
  EXPECT_TRUE(differ);
}

TEST(HostProbe, StartsTheWaitsAnewOnlyWhenARoundGotFurther) {
  HostProbe probe(settings(ReadyStage::banner));
  for (int i = 0; i < 8; ++i) fail_and_wait(probe, 0);
  probe.step(one_address, Millis{0});
  probe.step(HostProbe::Connected{}, Millis{0});
  const auto further = probe.step(HostProbe::BannerClosed{}, Millis{0});
  EXPECT_LE(std::get<HostProbe::Wait>(further).time, Millis{100});
  probe.step(HostProbe::WaitOver{}, Millis{0});
  const Millis back = fail_and_wait(probe, 0);
  EXPECT_GE(back, Millis{100});
}

TEST(HostProbe, WaitsNeverPastTheTimeOut) {
  HostProbe::Settings soon = settings(ReadyStage::banner);
  soon.timeout = Millis{60'000};
  HostProbe probe(soon);
  for (int i = 0; i < 8; ++i) fail_and_wait(probe, 0);
  EXPECT_LE(fail_and_wait(probe, 57'000), Millis{1'500});
  EXPECT_LE(fail_and_wait(probe, 59'980), Millis{20});
  EXPECT_EQ(fail_and_wait(probe, 60'000), Millis{0});
}

TEST(HostProbe, GivesALoginThatHungMoreTimeAndSaysThatItHangs) {
  HostProbe probe(settings());
  int now = 0;
  for (const int deadline : {20'000, 40'000, 60'000, 60'000}) {
    const bool is_first = now == 0;
    auto action = probe.step(one_address, Millis{now});
    if (!is_first) probe.step(HostProbe::Connected{}, Millis{now});
    if (!is_first) action = probe.step(HostProbe::BannerRead{}, Millis{now});
    EXPECT_EQ(in_words(action), fmt::format("login {} ms{}", deadline, is_first ? " at once" : ""));
    if (now == 0) {
      EXPECT_EQ(to_string(probe.status(Millis{1000}).cause), "SSH login waits for its turn");
    }
    probe.step(HostProbe::LoginStarted{}, Millis{now + 1000});
    if (now == 0) {
      EXPECT_EQ(to_string(probe.status(Millis{2000}).cause), "SSH login under way");
      EXPECT_EQ(to_string(probe.status(Millis{7000}).cause), "SSH login hangs");
    }
    now += deadline;
    probe.step(HostProbe::LoginHung{}, Millis{now});
    EXPECT_EQ(to_string(probe.status(Millis{now}).cause), "SSH login hangs");
    EXPECT_EQ(probe.status(Millis{now}).since, 1.0);
    probe.step(HostProbe::WaitOver{}, Millis{now});
  }
}

TEST(HostProbe, LooksAtThePortOnlyWhereTheLoginSaysThatItMayBeTheReason) {
  const std::vector<std::pair<const char*, const char*>> table = {
      {"ssh: connect to host algo-2 port 22: Connection refused", "connect 10.0.0.2"},
      {"kex_exchange_identification: Connection closed by remote host", "connect 10.0.0.2"},
      {"Connection timed out during banner exchange", "connect 10.0.0.2"},
      {"ssh: Could not resolve hostname algo-2: Name or service not known", "wait"},
      {"System is booting up.", "wait"},
      {"no", "wait"},
  };
  for (const auto& [said, action] : table) {
    HostProbe probe(settings());
    probe.step(one_address, Millis{0});
    probe.step(HostProbe::LoginStarted{}, Millis{0});
    EXPECT_EQ(in_words(probe.step(login_ended(255, "", said), Millis{1})), action) << said;
  }
}

TEST(HostProbe, LooksAtThePortInEveryRoundAfterTheFirst) {
  HostProbe probe = looking_probe();
  probe.step(HostProbe::Connected{}, Millis{1});
  EXPECT_EQ(in_words(probe.step(HostProbe::BannerRead{}, Millis{2})), "login 20000 ms");
  probe.step(HostProbe::LoginStarted{}, Millis{3});
  EXPECT_EQ(in_words(probe.step(refused_login, Millis{4})), "wait") << "the port was well a moment ago";
  probe.step(HostProbe::WaitOver{}, Millis{5});
  EXPECT_EQ(in_words(probe.step(one_address, Millis{6})), "connect 10.0.0.2");
}

TEST(HostProbe, LooksAtThePortBesideAFirstLoginThatIsSlowAndLetsItGoOn) {
  HostProbe probe(settings());
  probe.step(one_address, Millis{0});
  probe.step(HostProbe::LoginStarted{}, Millis{100});
  EXPECT_EQ(in_words(probe.step(HostProbe::LoginIsSlow{}, Millis{1000})), "connect 10.0.0.2");
  EXPECT_EQ(to_string(probe.status(Millis{1001}).cause), "TCP connecting");
  EXPECT_EQ(in_words(probe.step(HostProbe::Connected{}, Millis{1100})), "read banner");
  EXPECT_EQ(to_string(probe.status(Millis{9000}).cause), "SSH banner awaited") << "no login that hangs";
  EXPECT_EQ(in_words(probe.step(HostProbe::BannerRead{}, Millis{1200})), "keep login");
  EXPECT_EQ(to_string(probe.status(Millis{1300}).cause), "SSH login under way");
  EXPECT_EQ(probe.status(Millis{1300}).since, 0.1);
  EXPECT_EQ(in_words(probe.step(HostProbe::LoginIsSlow{}, Millis{1400})), "go on") << "once is enough";
  EXPECT_EQ(in_words(probe.step(login_ended(0, "smlaunch 1.2.3\n"), Millis{1500})), "finish ready");
}

TEST(HostProbe, ASlowLoginEndsWithABadPort) {
  HostProbe probe(settings());
  probe.step(one_address, Millis{0});
  probe.step(HostProbe::LoginStarted{}, Millis{0});
  probe.step(HostProbe::LoginIsSlow{}, Millis{1000});
  probe.step(HostProbe::Connected{}, Millis{1000});
  EXPECT_EQ(in_words(probe.step(HostProbe::BannerTimeout{}, Millis{6000})), "wait");
  EXPECT_EQ(to_string(probe.status(Millis{6000}).cause), "no SSH banner (10.0.0.2 port 22, 5 s waited)");
  EXPECT_EQ(in_words(probe.step(HostProbe::WaitOver{}, Millis{6100})), "resolve");
}

TEST(HostProbe, WhatALoginComesToWhileThePortIsLookedAtCounts) {
  const auto looks = [] {
    HostProbe probe(settings());
    probe.step(one_address, Millis{0});
    probe.step(HostProbe::LoginStarted{}, Millis{0});
    probe.step(HostProbe::LoginIsSlow{}, Millis{1000});
    return probe;
  };
  HostProbe ready = looks();
  EXPECT_EQ(in_words(ready.step(login_ended(0, "smlaunch 1.2.3\n"), Millis{1100})), "finish ready");
  HostProbe denied = looks();
  EXPECT_EQ(in_words(denied.step(login_ended(255, "", "Permission denied (publickey)."), Millis{1100})),
            "finish failed");
  HostProbe failed = looks();
  EXPECT_EQ(in_words(failed.step(refused_login, Millis{1100})), "go on") << "the port tells more";
  EXPECT_EQ(in_words(failed.step(HostProbe::ConnectFailed{ECONNREFUSED}, Millis{1200})), "wait");
  EXPECT_EQ(to_string(failed.status(Millis{1200}).cause), "TCP refused (10.0.0.2 port 22)");
  HostProbe hung = looks();
  EXPECT_EQ(in_words(hung.step(HostProbe::LoginHung{}, Millis{1100})), "go on");
  hung.step(HostProbe::Connected{}, Millis{1200});
  EXPECT_EQ(in_words(hung.step(HostProbe::BannerRead{}, Millis{1300})), "login 40000 ms");
}

TEST(HostProbe, LooksAtThePortWhileItWaitsLongForItsTurn) {
  HostProbe probe(settings());
  probe.step(one_address, Millis{0});
  EXPECT_EQ(in_words(probe.step(HostProbe::LoginIsSlow{}, Millis{3000})), "connect 10.0.0.2");
  probe.step(HostProbe::Connected{}, Millis{3000});
  EXPECT_EQ(in_words(probe.step(HostProbe::BannerRead{}, Millis{3100})), "login 20000 ms");
}

}  // namespace
}  // namespace smlaunch
