// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/silence.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

using namespace std::chrono_literals;

constexpr SilenceBounds bounds{10s, 600s};

TEST(Silence, OfALeaderThatIsHeardIsNothing) {
  for (const auto silent : {0s, 1s, 5s}) {
    EXPECT_EQ(judge_silence(silent, silent, bounds), SilenceVerdict::wait);
    EXPECT_EQ(judge_silence(silent, std::nullopt, bounds), SilenceVerdict::wait);
  }
}

TEST(Silence, OfAHostThatAcknowledgesNothingMakesTheConnectionAnewAndThenTheLeaderLost) {
  EXPECT_EQ(judge_silence(6s, 6s, bounds), SilenceVerdict::reconnect);
  EXPECT_EQ(judge_silence(10s, std::nullopt, bounds), SilenceVerdict::reconnect);
  EXPECT_EQ(judge_silence(11s, 11s, bounds), SilenceVerdict::lost);
  EXPECT_EQ(judge_silence(11s, std::nullopt, bounds), SilenceVerdict::lost);
  // Its kernel answered a while ago: it may have gone since.
  EXPECT_EQ(judge_silence(11s, 6s, bounds), SilenceVerdict::lost);
}

TEST(Silence, OfALeaderWhoseHostAcknowledgesIsWaitedForWithinItsBound) {
  EXPECT_EQ(judge_silence(6s, 1s, bounds), SilenceVerdict::wait);
  EXPECT_EQ(judge_silence(11s, 1s, bounds), SilenceVerdict::wait);
  EXPECT_EQ(judge_silence(610s, 1s, bounds), SilenceVerdict::wait);
  EXPECT_EQ(judge_silence(611s, 1s, bounds), SilenceVerdict::lost);
}

TEST(Silence, OfALeaderThatHasSaidThatItStopsHasNoBoundWhileItsHostAcknowledges) {
  const SilenceBounds paused{10s, std::nullopt};
  EXPECT_EQ(judge_silence(24h, 1s, paused), SilenceVerdict::wait);
  EXPECT_EQ(judge_silence(24h, 11s, paused), SilenceVerdict::lost);
  EXPECT_EQ(judge_silence(24h, std::nullopt, paused), SilenceVerdict::lost);
}

// With a short bound the kernel's last word is never older than the leader's by much.
TEST(Silence, WithAShortBoundAnAcknowledgementOfTheLastWordIsNoProof) {
  const SilenceBounds quick{1s, 600s};
  EXPECT_EQ(judge_silence(1200ms, 1199ms, quick), SilenceVerdict::lost);
  EXPECT_EQ(judge_silence(1500ms, 1000ms, quick), SilenceVerdict::wait);
}

TEST(Silence, NobodyLooksBeforeItCanBeMoreThanThat) {
  EXPECT_EQ(next_look(0s, 10s), 5s);
  EXPECT_EQ(next_look(1s, 10s), 4s);
  EXPECT_EQ(next_look(0s, 60s), 30s);
  for (const auto silent : {0s, 1s, 2s, 3s})
    EXPECT_EQ(judge_silence(silent + next_look(silent, 10s), std::nullopt, bounds), SilenceVerdict::wait);
}

TEST(Silence, ThatIsLongOrHasAShortBoundIsLookedAtTwiceASecond) {
  for (const auto silent : {4s, 5s, 6s, 11s, 600s})
    EXPECT_EQ(next_look(silent, 10s), 500ms) << silent.count();
  for (const auto bound : {1s, 2s, 3s}) EXPECT_EQ(next_look(0s, bound), 500ms);
}

}  // namespace
}  // namespace smlaunch
