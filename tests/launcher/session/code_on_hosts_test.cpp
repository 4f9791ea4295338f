// SPDX-License-Identifier: Apache-2.0
// The waiting itself is in tests/cluster/code_test.sh.
#include "launcher/session/code_on_hosts.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

WorkerCode failed(const std::string& host) {
  return {host, true, false,
          CodeEnd{.failure_class = FailureClass::install_module, .message = host + ": pip"}};
}

WorkerCode ready(const std::string& host) {
  WorkerCode code{host, true, false, CodeEnd{}};
  code.end->is_ready = true;
  return code;
}

Job job_on(const std::vector<std::string>& names) {
  Job job;
  for (const std::string& name : names) {
    Host host;
    host.name = name;
    job.cluster.hosts.push_back(std::move(host));
  }
  return job;
}

TEST(FindFailedCode, IsThatOfTheFirstHostWithRanks) {
  const Job job = job_on({"algo-1", "algo-2", "algo-3"});
  EXPECT_FALSE(find_failed_code(job, {}));
  EXPECT_FALSE(find_failed_code(job, {ready("algo-2"), {"algo-3", true, false, {}}}));
  EXPECT_FALSE(find_failed_code(job, {failed("spare-1")}));
  const auto outcome = find_failed_code(job, {ready("algo-2"), failed("algo-3"), failed("algo-1")});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->message, "algo-3: pip");
}

TEST(DropSparesWithoutCode, LeavesThoseThatMayStillBeOfUse) {
  std::vector<std::string> spares = {"spare-1", "spare-2", "spare-3"};
  drop_spares_without_code(
      spares, {failed("algo-2"), ready("spare-1"), failed("spare-2"), {"spare-3", false, false, {}}});
  EXPECT_EQ(spares, (std::vector<std::string>{"spare-1", "spare-3"}));
}

TEST(AsCodeWait, TellsALoginThatIsUnderWayAsTheCodes) {
  struct Case {
    ReadyState state;
    ReadyStage stage;
    const char* cause;
    bool login_under_way;
    ReadyStage told_stage;
    const char* told_cause;
  };
  const char* code = "its code is being prepared";
  const Case cases[] = {
      {ReadyState::waiting, ReadyStage::login, "SSH login under way", true, ReadyStage::code, code},
      {ReadyState::waiting, ReadyStage::login, "SSH login waits for its turn", true, ReadyStage::code, code},
      {ReadyState::waiting, ReadyStage::login, "SSH login hangs", true, ReadyStage::code, code},
      {ReadyState::waiting, ReadyStage::login, "SSH login failed (no)", false, ReadyStage::login,
       "SSH login failed (no)"},
      {ReadyState::failed, ReadyStage::login, "SSH login denied", false, ReadyStage::login,
       "SSH login denied"},
      {ReadyState::waiting, ReadyStage::tcp, "TCP refused", false, ReadyStage::tcp, "TCP refused"},
      {ReadyState::failed, ReadyStage::smlaunch, "algo-2: pip", false, ReadyStage::code, "algo-2: pip"}};
  for (const Case& each : cases) {
    HostReadiness host;
    host.name = "algo-2";
    host.state = each.state;
    host.stage = each.stage;
    host.cause = each.cause;
    host.login_under_way = each.login_under_way;
    host.since = 7;
    RemoteReport report;
    report.hosts = {host};
    const HostReadiness told = as_code_wait(report).hosts.front();
    EXPECT_EQ(told.name, "algo-2");
    EXPECT_EQ(told.state, each.state) << each.cause;
    EXPECT_EQ(told.stage, each.told_stage) << each.cause;
    EXPECT_EQ(told.cause, each.told_cause) << each.cause;
    EXPECT_EQ(told.since, 7) << each.cause;
  }
}

}  // namespace
}  // namespace smlaunch
