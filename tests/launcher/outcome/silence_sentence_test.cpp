// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/silence_sentence.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(SilenceSentence, SaysWhatWasCountedAndTheLastProgress) {
  EXPECT_EQ(describe_silence({.seconds = 60.4}, {}), "no rank has printed anything for 60 s");
  const JobSilence counted{.seconds = 300, .has_begun = true, .counts_output = false};
  EXPECT_EQ(describe_silence(counted, {}), "no rank has made any progress for 300 s");
  JobProgress progress{.rank = Rank{3}, .host = "gn02", .values = {{"step", 120}, {"loss", 2.1}}};
  EXPECT_EQ(describe_silence(counted, progress),
            "no rank has made progress for 300 s (the last: step=120 loss=2.1 of rank 3 on gn02)");
  progress.values.clear();
  EXPECT_EQ(describe_silence(counted, progress),
            "no rank has made progress for 300 s (the last: rank 3 on gn02)");
  progress.rank.reset();
  EXPECT_EQ(describe_silence(counted, progress),
            "no rank has made progress for 300 s (the last: a rank on gn02)");
}

JobRecord looked_at(const std::vector<bool>& computing) {
  JobRecord record;
  for (const bool computes : computing) {
    RankRecord rank;
    rank.state = RankState{};
    rank.state->computes = computes;
    rank.state->computes_in = "python3.11";
    rank.cores_used = 0.98;
    record.ranks.push_back(rank);
  }
  return record;
}

TEST(SilenceSentence, SaysWhoComputesAndWhere) {
  const Indexed<Rank, std::string> hosts = {"a", "a", "b"};
  EXPECT_EQ(describe_life(looked_at({false, false, false}), hosts, ""), "");
  EXPECT_EQ(describe_life(looked_at({false, false, true}), hosts, ""),
            "rank 2 on b computes (0.98 cores busy, in python3.11)");
  EXPECT_EQ(describe_life(looked_at({true, false, true}), hosts, ""),
            "rank 0 on a computes (0.98 cores busy, in python3.11), and so does 1 other");
  EXPECT_EQ(describe_life(looked_at({true, true, true}), hosts, "torchrun"),
            "torchrun on a computes (0.98 cores busy, in python3.11), and so do 2 others");
  JobRecord unseen = looked_at({true});
  unseen.ranks[Rank{0}].state->computes_in.clear();
  EXPECT_EQ(describe_life(unseen, {"a"}, ""),
            "rank 0 on a uses the processor: 0.98 cores busy, and its host does not show for what (ptrace)");
  unseen.ranks[Rank{0}].cores_used.reset();
  EXPECT_EQ(describe_life(unseen, {"a"}, ""),
            "rank 0 on a uses the processor, and its host does not show for what (ptrace)");
}

}  // namespace
}  // namespace smlaunch
