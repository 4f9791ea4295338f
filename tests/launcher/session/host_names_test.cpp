// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/host_names.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

TEST(HostNames, AreWaitedForWhereEachOfSeveralHostsStartsByItself) {
  Environment two;
  two.hosts = {"algo-1", "algo-2"};
  Job job;
  job.environment = std::make_shared<const Environment>(two);
  job.runs_alone = true;
  EXPECT_TRUE(waits_for_names(job));
  for (const char* value : {"true", "True", "TRUE"}) {
    job.spec.inherited["SM_STUDIO_LOCAL_MODE"] = value;
    EXPECT_FALSE(waits_for_names(job)) << value;
  }
  for (const char* value : {"", "1", "yes", "False", " true"}) {
    job.spec.inherited["SM_STUDIO_LOCAL_MODE"] = value;
    EXPECT_TRUE(waits_for_names(job)) << value;
  }
  job.hosts_given = true;
  EXPECT_FALSE(waits_for_names(job));
  job.hosts_given = false;
  job.runs_alone = false;
  EXPECT_FALSE(waits_for_names(job)) << "a leader looks for more than names";
  job.runs_alone = true;
  two.hosts = {"algo-1"};
  job.environment = std::make_shared<const Environment>(two);
  EXPECT_FALSE(waits_for_names(job));
}

TEST(HostNames, AreWaitedForAsLongAsTheToolkitWouldOrShorter) {
  Options options;
  EXPECT_EQ(longest_wait_for_names(options), minutes(15));
  options.ready_timeout = 30;
  EXPECT_EQ(longest_wait_for_names(options), seconds(30));
}

TEST(HostNames, ThatStayUnknownAreTheOutcome) {
  RemoteReport report;
  report.ready = true;
  EXPECT_FALSE(outcome_of_names(report));
  report.ready = false;
  report.seconds = 30.04;
  report.hosts = {{.name = "algo-1", .state = ReadyState::ready},
                  {.name = "algo-2",
                   .cause = {.trouble = HostTrouble::name_unknown, .detail = "no such host"},
                   .remedy = "look at DNS"}};
  const auto outcome = outcome_of_names(report);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->kind, OutcomeKind::failure);
  EXPECT_EQ(outcome->failure_class, FailureClass::not_ready);
  EXPECT_EQ(outcome->exit_code, 69);
  EXPECT_EQ(outcome->message,
            "1 of 2 host names not known after 30.0 s; algo-2: name unknown (no such host); look at DNS");
  report.stopped_by_signal = 15;
  const auto stopped = outcome_of_names(report);
  ASSERT_TRUE(stopped);
  EXPECT_EQ(stopped->kind, OutcomeKind::stopped);
  EXPECT_EQ(stopped->exit_code, 143);
  EXPECT_EQ(stopped->message, "stopped by SIGTERM while waiting for the names of the hosts");
}

}  // namespace
}  // namespace smlaunch
