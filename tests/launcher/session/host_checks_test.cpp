// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/host_checks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smlaunch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

HostReadiness host(const std::string& name, ReadyState state, const std::string& answer = "") {
  HostReadiness made{.name = name, .state = state, .answer = answer};
  if (state != ReadyState::ready) {
    made.stage = ReadyStage::login;
    made.cause = {.trouble = HostTrouble::cannot_wait, .subject = "no memory"};
  }
  return made;
}

std::vector<std::string> at_fault(const std::vector<HostReadiness>& hosts) {
  RemoteReport report;
  report.hosts = hosts;
  const auto outcome = judge_checks(read_checks(report, "own"));
  return outcome ? outcome->hosts_at_fault : std::vector<std::string>();
}

TEST(HostChecks, HostsThatAnswerNothingAreFit) {
  EXPECT_THAT(
      at_fault({host("own", ReadyState::ready), host("a", ReadyState::ready, "check remarks: GPU 3\n"),
                host("b", ReadyState::ready)}),
      IsEmpty());
}

TEST(HostChecks, AllThatAreNotFitAreAtFaultAndTheFirstIsTold) {
  RemoteReport report;
  report.hosts = {host("a", ReadyState::ready, "check: /data: does not exist\n"),
                  host("b", ReadyState::ready), host("c", ReadyState::ready, "check: dusty\n")};
  const auto outcome = judge_checks(read_checks(report, "own"));
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->failure_class, FailureClass::not_ready);
  EXPECT_EQ(outcome->message, "a: /data: does not exist; and 1 more host is not fit");
  EXPECT_THAT(outcome->hosts_at_fault, ElementsAre("a", "c"));
}

TEST(HostChecks, AHostThatDoesNotAnswerInTimeIsAtFault) {
  EXPECT_THAT(at_fault({host("a", ReadyState::ready), host("b", ReadyState::waiting)}), ElementsAre("b"));
}

// The first that can never be checked ends the logins of all others.
TEST(HostChecks, HostsThatHadNoTimeToAnswerAreNotAtFault) {
  EXPECT_THAT(at_fault({host("a", ReadyState::waiting), host("b", ReadyState::failed),
                        host("c", ReadyState::ready, "check: dusty\n"), host("d", ReadyState::ready)}),
              ElementsAre("b", "c"));
}

}  // namespace
}  // namespace smlaunch
