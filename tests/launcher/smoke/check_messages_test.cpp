// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "launcher/smoke/check_settings.hpp"
#include "launcher/smoke/rank_result.hpp"

namespace smlaunch {
namespace {

TEST(CheckMessages, CommandsArriveAsTheyWereSent) {
  CheckSettings settings;
  settings.rank = 9;
  settings.local_rank = 1;
  settings.host = "algo-2";
  settings.injection = InjectionKind::missing_library;
  settings.library = "/opt/libnccl.so.2";
  settings.python = "/opt/conda/bin/python3";
  settings.finds_library = settings.tells_host = true;
  settings.device = 1;
  RunTest test;
  test.test = 3;
  test.ranks = {0, 1, 2, 9};
  test.bytes = 4096;
  test.budget_seconds = 0.25;
  for (const CheckCommand& command :
       {CheckCommand(settings), CheckCommand(UseLibrary{"/x"}), CheckCommand(test),
        CheckCommand(TakeId{3, "a0"}), CheckCommand(AbortTest{3}), CheckCommand(QuitCheck{})}) {
    const std::string line = encode(command);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    const auto parsed = parse_check_command(line);
    ASSERT_TRUE(parsed) << line;
    EXPECT_EQ(*parsed, command) << line;
  }
}

TEST(CheckMessages, AnswersArriveAsTheyWereSent) {
  TestResult result;
  result.test = 1;
  result.barrier_seconds = {0.25, 0.5};
  result.transfer_seconds = {1, 2};
  result.sums = {7, {{ContributionFault::missing, 2, 0, 3, 9, 69, 85}}};
  result.contributions = {1, {{ContributionFault::corrupt, std::nullopt, 0, 3, 3, -1, 1}}};
  result.estimated_busbw_gbps = 350.5;
  result.shares_gpu = true;
  for (const CheckMessage& message :
       {CheckMessage(StageReached{1, SmokeStage::warm_up, 0.5}), CheckMessage(FoundLibrary{"/a", "torch"}),
        CheckMessage(LibraryFacts{"/a", "2.28.9", "0f", true}),
        CheckMessage(HostGpus{8, 8, true, true, "no"}), CheckMessage(UniqueId{1, "00ff"}),
        CheckMessage(result),
        CheckMessage(CheckFailed{1, SmokeStage::communicator_ready, "a \"word\"\n", true})}) {
    const std::string line = encode(message);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    const auto parsed = parse_check_message(line);
    ASSERT_TRUE(parsed) << line;
    EXPECT_EQ(*parsed, message) << line;
  }
}

TEST(CheckMessages, AnyOtherLineIsRefused) {
  for (const char* line :
       {"", "{}", "[]", "NCCL INFO", R"({"message":"stage","test":1,"stage":"lunch","seconds":1})",
        R"({"message":"result"})", R"({"message":"other"})"})
    EXPECT_FALSE(parse_check_message(line)) << line;
  for (const char* line : {"", "{}", R"({"command":"run_test"})", R"({"command":"dance"})"})
    EXPECT_FALSE(parse_check_command(line)) << line;
}

TEST(CheckMessages, EveryStageHasAName) {
  for (const SmokeStage stage : all_smoke_stages) EXPECT_EQ(parse_smoke_stage(to_string(stage)), stage);
  EXPECT_EQ(parse_smoke_stage("lunch"), std::nullopt);
}

}  // namespace
}  // namespace smlaunch
