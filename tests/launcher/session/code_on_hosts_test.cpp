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
    HostTrouble trouble;
    bool login_under_way;
    ReadyStage told_stage;
    HostTrouble told_trouble;
  };
  const HostTrouble code = HostTrouble::code_is_prepared;
  const Case cases[] = {
      {ReadyState::waiting, ReadyStage::login, HostTrouble::login_runs, true, ReadyStage::code, code},
      {ReadyState::waiting, ReadyStage::login, HostTrouble::login_waits_for_turn, true, ReadyStage::code,
       code},
      {ReadyState::waiting, ReadyStage::login, HostTrouble::login_hangs, true, ReadyStage::code, code},
      {ReadyState::waiting, ReadyStage::login, HostTrouble::login_failed, false, ReadyStage::login,
       HostTrouble::login_failed},
      {ReadyState::failed, ReadyStage::login, HostTrouble::login_denied, false, ReadyStage::login,
       HostTrouble::login_denied},
      {ReadyState::waiting, ReadyStage::tcp, HostTrouble::tcp_refused, false, ReadyStage::tcp,
       HostTrouble::tcp_refused},
      {ReadyState::failed, ReadyStage::smlaunch, HostTrouble::code_failed, false, ReadyStage::code,
       HostTrouble::code_failed}};
  for (const Case& each : cases) {
    HostReadiness host;
    host.name = "algo-2";
    host.state = each.state;
    host.stage = each.stage;
    host.cause.trouble = each.trouble;
    host.login_under_way = each.login_under_way;
    host.since = 7;
    RemoteReport report;
    report.hosts = {host};
    const HostReadiness told = as_code_wait(report).hosts.front();
    EXPECT_EQ(told.name, "algo-2");
    EXPECT_EQ(told.state, each.state) << to_string(host.cause);
    EXPECT_EQ(told.stage, each.told_stage) << to_string(host.cause);
    EXPECT_EQ(told.cause.trouble, each.told_trouble) << to_string(host.cause);
    EXPECT_EQ(told.since, 7) << to_string(host.cause);
  }
}

}  // namespace
}  // namespace smlaunch
