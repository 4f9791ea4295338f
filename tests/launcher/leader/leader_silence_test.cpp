// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/leader_run.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/launcher/leader/driven_run.hpp"

namespace smlaunch {
namespace {

using std::chrono::milliseconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(LeaderRun, RanksThatAreSilentTooLongAreAskedAndEnded) {
  DrivenRun run;
  run.settings.hang_timeout = 30;
  for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].runs = milliseconds(500'000);
  const Outcome outcome = run.go();
  EXPECT_THAT(outcome.message, HasSubstr("the job hangs"));
  EXPECT_EQ(outcome.failure_class, FailureClass::hang);
  EXPECT_THAT(run.agents.done, Contains("look at 3"));
  EXPECT_THAT(run.agents.done, Contains("inspect 3"));
  EXPECT_LT(run.loop.seconds(), 60);
}

// What it writes to events.jsonl, a line each.
std::vector<std::string> events_of(DrivenRun& run) {
  const std::filesystem::path file =
      std::filesystem::path(testing::TempDir()) / fmt::format("leader_run_{}.jsonl", getpid());
  EXPECT_TRUE(run.events.open(file));
  run.go();
  std::vector<std::string> lines;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  std::filesystem::remove(file);
  return lines;
}

TEST(LeaderRun, TheHangsEventHasTheSentenceAndComesBeforeTheStop) {
  DrivenRun run;
  run.settings.hang_timeout = 30;
  for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].runs = milliseconds(500'000);
  const auto events = events_of(run);
  const auto is_hang = [](const std::string& line) {
    return line.find(R"("event":"hang")") != std::string::npos;
  };
  const auto is_stop = [](const std::string& line) {
    return line.find(R"("event":"stop")") != std::string::npos;
  };
  ASSERT_EQ(std::count_if(events.begin(), events.end(), is_hang), 1);
  const auto hang = std::find_if(events.begin(), events.end(), is_hang);
  EXPECT_THAT(*hang, HasSubstr(R"("sentence":"all 4 ranks are at one place: gone")"));
  EXPECT_THAT(run.result.outcome.message, HasSubstr("; all 4 ranks are at one place: gone"));
  EXPECT_LT(hang - events.begin(), std::find_if(events.begin(), events.end(), is_stop) - events.begin());
}

TEST(LeaderRun, NcclIsAskedByOneRankOfEachOfAFewHosts) {
  DrivenRun run(5);
  run.settings.hang_timeout = 30;
  for (int rank = 0; rank < 10; ++rank) run.agents.ranks[rank].runs = milliseconds(500'000);
  run.agents.ranks[2].runs = milliseconds(1'000);  // has ended well, and is not asked
  run.go();
  EXPECT_THAT(run.agents.nccl_asked, ElementsAre(0, 3, 4));
}

TEST(LeaderRun, AJobThatDoesNotHangHasNoSuchEvent) {
  DrivenRun run;
  run.settings.hang_timeout = 30;
  EXPECT_THAT(events_of(run), Not(Contains(HasSubstr(R"("event":"hang")"))));
  EXPECT_EQ(run.result.outcome.kind, OutcomeKind::success);
}

TEST(LeaderRun, RanksThatComputeSilentlyGoOnAndTheSentenceSaysWhatWasTakenForLife) {
  DrivenRun run;
  run.settings.hang_timeout = 30;
  for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].runs = milliseconds(100'000);
  run.agents.ranks[2].computes = run.agents.ranks[3].computes = true;
  EXPECT_EQ(run.go().kind, OutcomeKind::success);
  EXPECT_THAT(
      run.output.said,
      ElementsAre("no rank has printed anything for 30 s; rank 2 on algo-2 computes (in python3.11), and so "
                  "does 1 other: taken for life, the job goes on"));
  EXPECT_THAT(run.agents.done, Not(Contains("inspect 3")));
}

TEST(LeaderRun, WithoutOptionsTenSilentMinutesAreWorthAHintAndEndNothing) {
  DrivenRun run;
  for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].runs = milliseconds(3'000'000);
  run.loop.after(milliseconds(1'000'000), [&] { run.agents.rank_prints(1, "at last\n"); });
  EXPECT_EQ(run.go().kind, OutcomeKind::success);
  ASSERT_EQ(run.output.said.size(), 2U);  // one for each silence
  EXPECT_EQ(run.output.said[0],
            "no rank has printed anything for 600 s; all 4 ranks are at one place: gone; --hang-timeout "
            "SECONDS would "
            "end such a job");
}

// Rank 3 tells of its progress once; later only `printing` prints.
Outcome go_with_heartbeat(DrivenRun& run, int printing) {
  run.settings.hang_timeout = 30;
  for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].runs = milliseconds(500'000);
  run.loop.after(milliseconds(20'000), [&] {
    run.agents.rank_tells(3, {.beats = 1, .values = {{"step", 120}, {"loss", 2.5}}});
  });
  for (int at = 21; at < 200; at += 10)
    run.loop.after(milliseconds(1000 * at),
                   [&run, printing] { run.agents.rank_prints(printing, "waiting\n"); });
  return run.go();
}

TEST(LeaderRun, HeartbeatsAreProgressAndFromThenOnLinesOfTheRankAreNot) {
  DrivenRun run;
  const Outcome outcome = go_with_heartbeat(run, 3);
  EXPECT_EQ(outcome.failure_class, FailureClass::hang);
  EXPECT_THAT(outcome.message,
              HasSubstr("the job hangs: no rank has made progress for 30 s (the last: step=120 "
                        "loss=2.5 of rank 3 on algo-2); "));
  EXPECT_EQ(outcome.progress->step, 120);
  EXPECT_LT(run.loop.seconds(), 70);
}

TEST(LeaderRun, TheLinesOfARankThatTellsNoProgressCountWhateverOthersTell) {
  DrivenRun run;
  EXPECT_EQ(go_with_heartbeat(run, 1).failure_class, FailureClass::hang);
  EXPECT_GT(run.loop.seconds(), 200);
}

TEST(LeaderRun, AWishAloneDoesNotMakeLinesWorthless) {
  DrivenRun run;
  run.settings.hang_timeout = 30;
  for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].runs = milliseconds(500'000);
  run.loop.after(milliseconds(1'000),
                 [&] { run.agents.rank_tells(3, {.beats = 1, .ask = Ask::exclude_host}); });
  for (int at = 21; at < 200; at += 10)
    run.loop.after(milliseconds(1000 * at), [&run] { run.agents.rank_prints(3, "step 5\n"); });
  const Outcome outcome = run.go();
  EXPECT_GT(run.loop.seconds(), 200);
  EXPECT_EQ(outcome.asked->ask, Ask::exclude_host);
}

TEST(LeaderRun, ARankWhoseStepsTakeLongerIsAHintAndChangesNothing) {
  DrivenRun run;
  for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].runs = milliseconds(300'000);
  for (int at = 1; at < 300; ++at)
    run.loop.after(milliseconds(1000 * at), [&run, at] {
      for (int rank = 0; rank < 4; ++rank)
        run.agents.rank_tells(rank, {.beats = 1, .values = {{"step", rank == 3 ? at : 2 * at}}});
    });
  EXPECT_EQ(run.go().kind, OutcomeKind::success);
  EXPECT_THAT(
      run.output.said,
      ElementsAre(
          "hint: slow rank: rank 3 on algo-2 takes 1 s a step, where others take 0.5 s (the median)"));
}

TEST(LeaderRun, AProgramThatNeverBeginsIsEndedByTheStartsBound) {
  DrivenRun run;
  run.settings.start_timeout = 300;
  run.settings.hang_timeout = 30;
  for (int rank = 0; rank < 4; ++rank) {
    run.agents.ranks[rank].runs = milliseconds(900'000);
    run.agents.ranks[rank].prints = "";
  }
  EXPECT_EQ(run.go().failure_class, FailureClass::hang);
  EXPECT_GE(run.loop.seconds(), 300);
  EXPECT_LT(run.loop.seconds(), 330);
}

TEST(LeaderRun, AReaderThatIsSlowHoldsTheAgentsBackAndItsSilenceIsNoHang) {
  DrivenRun run;
  run.settings.hang_timeout = 30;
  run.output.reader_is_slow = true;
  for (int rank = 0; rank < 4; ++rank) run.agents.ranks[rank].runs = milliseconds(100'000);
  EXPECT_EQ(run.go().kind, OutcomeKind::success);
  EXPECT_THAT(run.agents.pauses, Contains(true));
}

}  // namespace
}  // namespace smlaunch
