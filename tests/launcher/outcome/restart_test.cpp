// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/restart.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace smlaunch {
namespace {

using Strings = std::vector<std::string>;

Outcome failed(FailureClass failure_class, Strings at_fault = {}) {
  Outcome outcome;
  outcome.kind = OutcomeKind::failure;
  outcome.failure_class = failure_class;
  outcome.hosts_at_fault = std::move(at_fault);
  return outcome;
}

// With so many spare hosts, and every class of failures.
RestartPolicy policy(int max_restarts, int restarts, std::size_t spare_hosts) {
  RestartPolicy made{.max_restarts = max_restarts, .restarts = restarts, .spare_hosts = spare_hosts};
  made.on.user_code = true;
  return made;
}

TEST(Restart, ComesAfterAFailureAsOftenAsAskedFor) {
  for (const FailureClass each : {FailureClass::user_code, FailureClass::lost_host, FailureClass::hang,
                                  FailureClass::start, FailureClass::smoke}) {
    EXPECT_FALSE(is_tried_again(failed(each), policy(0, 0, 5)));
    EXPECT_TRUE(is_tried_again(failed(each), policy(2, 0, 0)));
    EXPECT_TRUE(is_tried_again(failed(each), policy(2, 1, 0)));
    EXPECT_FALSE(is_tried_again(failed(each), policy(2, 2, 0)));
    EXPECT_TRUE(decide_restart(failed(each), policy(2, 0, 0)).counts);
  }
}

Outcome ended(const ExitStatus& status, const std::string& exception = "", std::optional<double> step = {}) {
  Outcome outcome = failed(FailureClass::user_code);
  outcome.exit_code = shell_code(status);
  FirstFailure first;
  first.end = RankEnd{.status = status};
  if (!exception.empty())
    first.end->last_lines = {"Traceback (most recent call last):", "  File \"t.py\", line 1, in <module>",
                             exception};
  outcome.first_failure = first;
  if (step) outcome.progress = JobProgress{.values = {{"step", *step}}, .step = step, .failed_step = step};
  return outcome;
}

TEST(Restart, OfTheUsersOwnEndsComesOnlyWhereAskedFor) {
  struct Case {
    const char* on;
    ExitStatus status;
    bool again;
  };
  const char* const usual = "lost_host,signal,smoke,start,hang";
  for (const Case& each : {Case{usual, Exited{1}, false},
                           {usual, Signaled{SIGSEGV, true}, false},
                           {usual, Signaled{SIGABRT, true}, false},
                           {usual, Signaled{SIGKILL, false}, true},
                           {usual, Signaled{SIGTERM, false}, true},
                           {"user_code", Exited{1}, true},
                           {"user_code", Signaled{SIGSEGV, true}, true},
                           {"85,86", Exited{86}, true},
                           {"85,86", Exited{1}, false},
                           {"139", Signaled{SIGSEGV, true}, true},
                           {"lost_host", Signaled{SIGKILL, false}, false},
                           {"none", Signaled{SIGKILL, false}, false}}) {
    RestartPolicy made{.max_restarts = 1, .on = *parse_restart_on(each.on, "here")};
    EXPECT_EQ(is_tried_again(ended(each.status), made), each.again)
        << each.on << " " << to_string(each.status);
  }
}

TEST(Restart, DoesNotComeAfterTheKernelHasEndedARankForLackOfMemory) {
  Outcome outcome = ended(Signaled{SIGKILL, false});
  outcome.first_failure->end->oom_kills = 1;
  EXPECT_FALSE(is_tried_again(outcome, {.max_restarts = 1}));
}

TEST(RestartOn, KnowsItsWordsAndRefusesOthers) {
  EXPECT_EQ(*parse_restart_on("lost_host,signal,smoke,start,hang", "here"), RestartOn());
  EXPECT_EQ(parse_restart_on("user_code,3,255", "here")->exit_codes, (std::set<int>{3, 255}));
  EXPECT_FALSE(parse_restart_on("hang", "here")->lost_host);
  for (const char* wrong : {"", "Hang", "hang,", "0", "256", "1x", "not_ready", "hang lost_host"}) {
    const auto parsed = parse_restart_on(wrong, "option --restart-on");
    ASSERT_FALSE(parsed) << wrong;
    EXPECT_EQ(parsed.error().fault, Fault::usage);
  }
  EXPECT_EQ(parse_restart_on("hangs", "here").error().problems.front().what,
            "\"hangs\" is no class of failures and no exit code from 1 to 255");
}

TEST(Restart, DoesNotCountATryThatCameFurther) {
  RestartPolicy made = policy(1, 1, 0);  // none is left
  EXPECT_FALSE(is_tried_again(ended(Exited{1}), made));
  RestartDecision decision = decide_restart(ended(Exited{1}, "", 50), made);
  EXPECT_TRUE(decision.is_tried_again);
  EXPECT_FALSE(decision.counts);
  EXPECT_EQ(decision.wait.count(), 0);
  made.earlier.add(ended(Exited{1}, "", 50));
  EXPECT_FALSE(is_tried_again(ended(Exited{1}, "", 50), made)) << "the same step is no progress";
  EXPECT_FALSE(is_tried_again(ended(Exited{1}, "", 49), made));
  EXPECT_TRUE(is_tried_again(ended(Exited{1}, "", 51), made));
}

TEST(Restart, IsNotWorthItAfterTheSameExceptionAtTheSameStep) {
  RestartPolicy made = policy(100, 0, 0);
  const Outcome bug = ended(Exited{1}, "ValueError: bad batch <Batch at 0x7f31>", 120);
  EXPECT_TRUE(is_tried_again(bug, made));
  made.earlier.add(bug);
  const RestartDecision again =
      decide_restart(ended(Exited{1}, "ValueError: bad batch <Batch at 0x55aa>", 120), made);
  EXPECT_FALSE(again.is_tried_again);
  EXPECT_EQ(again.why_not, "the try before failed at the same step 120 of the same exception: no other try");
  EXPECT_TRUE(is_tried_again(ended(Exited{1}, "ValueError: bad batch <Batch at 0x7f31>", 121), made));
  EXPECT_TRUE(is_tried_again(ended(Exited{1}, "KeyError: 'x'", 120), made));
  EXPECT_TRUE(is_tried_again(ended(Exited{1}, "", 120), made)) << "without an exception nobody knows";
  EXPECT_TRUE(is_tried_again(ended(Exited{1}, "ValueError: bad batch <Batch at 0x7f31>"), made));
}

TEST(Restart, ARanksWishComesBeforeItsClass) {
  RestartPolicy made{.max_restarts = 1};
  Outcome outcome = ended(Exited{1});
  EXPECT_FALSE(is_tried_again(outcome, made));
  EXPECT_NE(decide_restart(outcome, made).why_not.find("--restart-on"), std::string::npos);
  made.spare_hosts = 1;
  for (const Ask ask : {Ask::restart, Ask::exclude_host}) {
    outcome.asked = RankAsked{Rank{3}, ask, "b"};
    EXPECT_TRUE(is_tried_again(outcome, made));
    EXPECT_FALSE(is_tried_again(outcome, {.max_restarts = 0}));
  }
  Outcome lost = failed(FailureClass::lost_host);
  EXPECT_TRUE(is_tried_again(lost, made));
  lost.asked = RankAsked{Rank{3}, Ask::stop};
  EXPECT_FALSE(is_tried_again(lost, made));
  EXPECT_EQ(decide_restart(lost, made).why_not, "rank 3 has asked for no other try");
}

TEST(Restart, OfAHostThatCannotBeLeftOutThereIsNone) {
  RestartPolicy made{.max_restarts = 5, .hosts = 3, .leader = "a"};
  Outcome outcome = ended(Signaled{SIGKILL, false});
  outcome.asked = RankAsked{Rank{3}, Ask::exclude_host, "b"};
  outcome.hosts_at_fault = {"b"};
  EXPECT_FALSE(is_tried_again(outcome, made));
  EXPECT_EQ(decide_restart(outcome, made).why_not,
            "rank 3 has asked for another try without its host b, but no spare host is left, and --min-hosts "
            "allows "
            "no fewer");
  made.min_hosts = 3;
  EXPECT_FALSE(is_tried_again(outcome, made));
  made.min_hosts = 2;
  EXPECT_TRUE(is_tried_again(outcome, made));
  made.min_hosts.reset();
  made.spare_hosts = 1;
  EXPECT_TRUE(is_tried_again(outcome, made));
  outcome.asked->host = "a";
  outcome.hosts_at_fault = {"a"};
  EXPECT_EQ(decide_restart(outcome, made).why_not,
            "rank 3 has asked for another try without its host a, but that leads the job");
  outcome.asked->ask = Ask::restart;
  EXPECT_TRUE(is_tried_again(outcome, made)) << "a wish for another try is no wish for other hosts";
}

TEST(Restart, TheStepOfTheFailingRankTellsWhetherItFailedLikeTheLast) {
  RestartPolicy made = policy(100, 0, 0);
  Outcome bug = ended(Exited{1}, "ValueError: bad batch", 9);
  bug.progress->step = 7;  // of the slowest
  made.earlier.add(bug);
  bug.progress->step = 8;
  EXPECT_FALSE(is_tried_again(bug, made)) << "others came further, and it failed at the same step";
  bug.progress->failed_step = 10;
  EXPECT_TRUE(is_tried_again(bug, made));
}

TEST(Restart, TheSlowestRankTellsWhetherATryCameFurther) {
  RestartPolicy made = policy(1, 1, 0);  // none is left
  Outcome outcome = ended(Exited{1}, "", 50);
  outcome.progress->step = 10;
  made.earlier.add(outcome);
  outcome.progress->failed_step = 60;
  EXPECT_FALSE(is_tried_again(outcome, made));
  outcome.progress->step = 11;
  EXPECT_TRUE(is_tried_again(outcome, made));
}

TEST(Restart, WaitsTwiceAsLongEachTimeNothingWasGained) {
  RestartPolicy made = policy(100, 0, 0);
  std::vector<long> waits;
  for (int i = 0; i < 12; ++i) {
    waits.push_back(decide_restart(failed(FailureClass::lost_host), made).wait.count());
    made.earlier.add(failed(FailureClass::lost_host));
  }
  EXPECT_EQ(waits,
            (std::vector<long>{0, 250, 500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000, 30000}));
  made.earlier.add(ended(Exited{1}, "", 10));
  EXPECT_EQ(decide_restart(failed(FailureClass::lost_host), made).wait.count(), 0);
}

TEST(Restart, DoesNotComeAfterSuccessAStopOrABadConfiguration) {
  EXPECT_FALSE(is_tried_again(Outcome{}, policy(9, 0, 9)));
  Outcome stopped;
  stopped.kind = OutcomeKind::stopped;
  EXPECT_FALSE(is_tried_again(stopped, policy(9, 0, 9)));
  Outcome failed_while_stopping = failed(FailureClass::user_code);
  failed_while_stopping.stop_was_asked = true;
  EXPECT_FALSE(is_tried_again(failed_while_stopping, policy(9, 0, 9)));
  EXPECT_FALSE(is_tried_again(failed(FailureClass::configuration), policy(9, 0, 9)));
  EXPECT_FALSE(is_tried_again(failed(FailureClass::internal), policy(9, 0, 9)));
  EXPECT_FALSE(is_tried_again(failed(FailureClass::install_module), policy(9, 0, 9)));
  EXPECT_FALSE(is_tried_again(failed(FailureClass::install_requirements), policy(9, 0, 9)));
}

TEST(Restart, ReplacesHostsThatAreNotReadyWithoutCounting) {
  EXPECT_TRUE(is_tried_again(failed(FailureClass::not_ready, {"a"}), policy(0, 0, 1)));
  EXPECT_FALSE(is_tried_again(failed(FailureClass::not_ready, {"a", "b"}), policy(5, 0, 1)));
  EXPECT_FALSE(is_tried_again(failed(FailureClass::not_ready), policy(5, 0, 1)));
  EXPECT_FALSE(decide_restart(failed(FailureClass::not_ready, {"a"}), policy(0, 0, 1)).counts);
}

TEST(Restart, GoesOnWithFewerHostsWhereThatIsAllowed) {
  RestartPolicy made = policy(0, 0, 1);
  made.hosts = 4;
  EXPECT_FALSE(is_tried_again(failed(FailureClass::not_ready, {"b", "c"}), made));
  made.min_hosts = 3;
  EXPECT_TRUE(is_tried_again(failed(FailureClass::not_ready, {"b", "c"}), made));
  EXPECT_FALSE(is_tried_again(failed(FailureClass::not_ready, {"b", "c", "d"}), made));
  made.leader = "c";
  EXPECT_FALSE(is_tried_again(failed(FailureClass::not_ready, {"b", "c"}), made))
      << "nobody replaces the leader";
}

Cluster cluster_of(const Strings& names) {
  Cluster cluster;
  for (const std::string& name : names) {
    Host host;
    host.name = name;
    host.ranks = static_cast<int>(cluster.hosts.size()) + 1;
    host.source = TopologySource::probed;
    cluster.hosts.push_back(host);
  }
  return cluster;
}
Strings names_of(const Cluster& cluster) {
  Strings names;
  for (const Host& host : cluster.hosts) names.push_back(host.name);
  return names;
}

TEST(ReplaceHosts, KeepsOrderAndNumberOfRanks) {
  Cluster cluster = cluster_of({"a", "b", "c", "d"});
  Strings spares = {"x", "y", "z"};
  const auto replaced = replace_hosts(cluster, spares, {"d", "b"}, "a", {});
  EXPECT_EQ(names_of(cluster), (Strings{"a", "x", "c", "y"}));
  EXPECT_EQ(spares, Strings{"z"});
  ASSERT_EQ(replaced.size(), 2U);
  EXPECT_EQ(replaced[0].lost + " " + replaced[0].spare, "b x");
  EXPECT_EQ(cluster.hosts[{1}].ranks, 2);
  EXPECT_EQ(cluster.hosts[{1}].source, TopologySource::assumed);
  EXPECT_EQ(cluster.hosts[{2}].source, TopologySource::probed);
}

TEST(ReplaceHosts, TakesASpareOfTheSameNvlinkDomainFirst) {
  const auto rack = [](char name) { return NvlinkDomain{.cluster = std::string(32, name), .clique = 1}; };
  struct Case {
    const char* what;
    Strings lost;
    Strings spares;
    std::string replaced;  // "lost spare", a comma between them; "=": of the domain
    Strings left;
  };
  // b, d, x are in one domain, c and y in another one; a, e and z are in none that is known.
  const HostDomains domains = {
      {"b", rack('1')}, {"d", rack('1')}, {"x", rack('1')}, {"c", rack('2')}, {"y", rack('2')}};
  const Case cases[] = {
      {"the second spare is of the domain", {"c"}, {"x", "y", "z"}, "c=y", {"x", "z"}},
      {"none is left of the domain", {"b", "d"}, {"z", "x", "y"}, "b=x,d z", {"y"}},
      {"a host takes none that a later host needs", {"b", "c"}, {"y", "z"}, "b z,c=y", {}},
      {"nothing is known of the spare", {"b"}, {"z"}, "b z", {}},
      {"nothing is known of the host", {"e"}, {"x", "z"}, "e x", {"z"}},
      {"more are lost than spares are there", {"b", "c", "e"}, {"y"}, "c=y", {}},
  };
  for (const Case& each : cases) {
    Cluster cluster = cluster_of({"a", "b", "c", "d", "e"});
    Strings spares = each.spares;
    std::string replaced;
    for (const Replacement& one : replace_hosts(cluster, spares, each.lost, "a", domains))
      replaced += (replaced.empty() ? "" : ",") + one.lost + (one.is_of_domain ? "=" : " ") + one.spare;
    EXPECT_EQ(replaced, each.replaced) << each.what;
    EXPECT_EQ(spares, each.left) << each.what;
  }
}

TEST(ReplaceHosts, KeepsTheLeaderAndWhatCannotBeReplaced) {
  Cluster cluster = cluster_of({"a", "b", "c"});
  Strings spares = {"x"};
  EXPECT_EQ(replace_hosts(cluster, spares, {"a", "b", "c"}, "a", {}).size(), 1U);
  EXPECT_EQ(names_of(cluster), (Strings{"a", "x", "c"}));
  EXPECT_TRUE(replace_hosts(cluster, spares, {"c"}, "a", {}).empty());
}

TEST(DropHosts, LeavesSoManyAndTheLeader) {
  Cluster cluster = cluster_of({"a", "b", "c", "d"});
  EXPECT_TRUE(drop_hosts(cluster, {"b", "c"}, "a", 3).empty());
  EXPECT_EQ(names_of(cluster), (Strings{"a", "b", "c", "d"}));
  EXPECT_EQ(drop_hosts(cluster, {"a", "c", "x"}, "a", 3), Strings{"c"});
  EXPECT_EQ(names_of(cluster), (Strings{"a", "b", "d"}));
  EXPECT_TRUE(drop_hosts(cluster, {}, "a", 1).empty());
  EXPECT_EQ(names_of(cluster), (Strings{"a", "b", "d"}));
}

TEST(ReplaceHosts, DropsSparesThatAreAtFaultThemselves) {
  Cluster cluster = cluster_of({"a", "b"});
  Strings spares = {"x", "y"};
  replace_hosts(cluster, spares, {"b", "x"}, "a", {});
  EXPECT_EQ(names_of(cluster), (Strings{"a", "y"}));
}

}  // namespace
}  // namespace smlaunch
