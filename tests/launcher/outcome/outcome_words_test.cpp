// SPDX-License-Identifier: Apache-2.0
// Words and codes of outcomes.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <csignal>
#include <optional>
#include <tuple>
#include <utility>

#include "launcher/outcome/decide_outcome.hpp"
#include "tests/launcher/outcome/made_up_jobs.hpp"

namespace smlaunch {
namespace {

using namespace made_up_jobs;

TEST(Losses, AreTold) {
  EXPECT_EQ(describe(RankLoss(silence)), "no word from its agent for 10 s (connection closed)");
  EXPECT_EQ(describe(RankLoss(AgentEnded{Exited{3}})), "its agent exited with code 3");
  EXPECT_EQ(describe(RankLoss(EndedByOthers{})), "its agent was told to end, not by us");
  EXPECT_EQ(describe(RankLoss(OutlivedKill{})), "its agent did not report its end after SIGKILL");
  EXPECT_EQ(describe(RankLoss(EndUnknown{"how process 7 ended is not known"})),
            "how process 7 ended is not known");
  EXPECT_EQ(describe(HostLoss(silence)), "no word from its smlaunch for 10 s (connection closed)");
  EXPECT_EQ(describe(HostLoss(HostUnreachable{"TCP refused"})), "TCP refused");
  EXPECT_EQ(describe(EngineFailure(AllAgentsEnded{})), "every agent has ended");
  EXPECT_EQ(describe(EngineFailure(EngineProcessEnded{Exited{1}})),
            "mpirun exited with code 1 before the job was over");
  EXPECT_EQ(describe(EngineFailure(EngineProcessEnded{Signaled{SIGKILL, false}, "srun"})),
            "srun was killed by signal 9 (SIGKILL) before the job was over");
  EXPECT_EQ(describe(EngineFailure(EndUnknown{"how process 7 ended is not known"})),
            "how process 7 ended is not known");
}

TEST(Outcomes, HaveTheExitCodeOfTheirClass) {
  const std::pair<FailureClass, int> codes[] = {
      {FailureClass::user_code, 1},      {FailureClass::not_ready, 69},
      {FailureClass::smoke, 75},         {FailureClass::lost_host, 76},
      {FailureClass::hang, 76},          {FailureClass::configuration, 78},
      {FailureClass::start, 71},         {FailureClass::internal, 70},
      {FailureClass::install_module, 1}, {FailureClass::install_requirements, 1}};
  for (const auto& [failure_class, code] : codes) {
    const Outcome outcome = make_failure(failure_class, "why");
    EXPECT_EQ(outcome.kind, OutcomeKind::failure);
    EXPECT_EQ(outcome.failure_class, failure_class);
    EXPECT_EQ(outcome.exit_code, code);
    EXPECT_EQ(outcome.message, "why");
  }
  EXPECT_EQ(make_success().exit_code, 0);
  EXPECT_EQ(make_stopped(SIGINT, "").exit_code, 130);
  EXPECT_EQ(make_stopped(SIGTERM, "").kind, OutcomeKind::stopped);
}

TEST(Outcomes, OfAnErrorHaveItsCodeAndALineForEachProblem) {
  const std::tuple<Fault, FailureClass, int> cases[] = {
      {Fault::usage, FailureClass::configuration, 64},
      {Fault::configuration, FailureClass::configuration, 78},
      {Fault::start, FailureClass::start, 71},
      {Fault::internal, FailureClass::internal, 70},
      {Fault::not_ready, FailureClass::not_ready, 69}};
  for (const auto& [fault, failure_class, code] : cases) {
    const Outcome outcome = make_failure(Error{fault, {{"a", "b", "c"}, {"", "d", ""}}});
    EXPECT_EQ(outcome.failure_class, failure_class);
    EXPECT_EQ(outcome.exit_code, code);
    EXPECT_EQ(outcome.message, "a: b; c\nd");
  }
}

TEST(OutcomeWords, AreThoseOfTheReport) {
  for (const OutcomeKind kind : {OutcomeKind::success, OutcomeKind::failure, OutcomeKind::stopped})
    EXPECT_EQ(parse_outcome_kind(to_string(kind)), kind);
  EXPECT_EQ(parse_outcome_kind("unknown"), OutcomeKind::failure);

  EXPECT_EQ(to_string(OutcomeKind::success), "success");
  EXPECT_EQ(to_string(OutcomeKind::failure), "failure");
  EXPECT_EQ(to_string(OutcomeKind::stopped), "stopped");
  const std::pair<FailureClass, const char*> classes[] = {{FailureClass::none, ""},
                                                          {FailureClass::user_code, "user_code"},
                                                          {FailureClass::not_ready, "not_ready"},
                                                          {FailureClass::smoke, "smoke"},
                                                          {FailureClass::lost_host, "lost_host"},
                                                          {FailureClass::hang, "hang"},
                                                          {FailureClass::configuration, "configuration"},
                                                          {FailureClass::start, "start"},
                                                          {FailureClass::internal, "internal"}};
  for (const auto& [failure_class, word] : classes) EXPECT_EQ(to_string(failure_class), word);
  EXPECT_EQ(to_string(Cause::own), "own");
  EXPECT_EQ(to_string(Cause::stopped_by_us), "stopped_by_us");
  EXPECT_EQ(to_string(Cause::collateral), "collateral");
}

TEST(FailureClasses, HaveTheReportsNames) {
  EXPECT_EQ(to_string(FailureClass::install_module), "InstallModuleError");
  EXPECT_EQ(to_string(FailureClass::install_requirements), "InstallRequirementsError");
  for (const char* name : {"", "user_code", "not_ready", "smoke", "lost_host", "configuration", "start",
                           "internal", "InstallModuleError", "InstallRequirementsError"})
    EXPECT_EQ(to_string(parse_failure_class(name)), name);
  EXPECT_EQ(parse_failure_class("unknown"), FailureClass::internal);
}

}  // namespace
}  // namespace smlaunch
