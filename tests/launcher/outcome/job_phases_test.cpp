// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/job_phases.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace smlaunch {
namespace {

constexpr std::uint64_t second = 1'000'000'000;

std::string in_words(const std::vector<Phase>& phases) {
  std::string text;
  for (const Phase& phase : phases)
    text +=
        fmt::format("{} {} {} {}; ", phase.name, phase.seconds, phase.slowest_host, phase.slowest_seconds);
  return text;
}

TEST(JobPhases, NameTheSlowestHostOfEach) {
  JobPhases phases;
  phases.waited(1, "algo-3", 0.9);
  phases.engine_started(10 * second);
  phases.joined("algo-2", 11 * second);
  phases.joined("algo-1", 12 * second);
  phases.spawned(12 * second);
  phases.printed("algo-1", 13 * second);
  phases.printed("algo-2", 15 * second);
  phases.printed("algo-1", 19 * second);
  phases.ended("algo-2", 30 * second);
  phases.ended("algo-1", 29 * second);
  phases.left("algo-1", 31 * second);
  phases.finished(32 * second);
  EXPECT_EQ(
      in_words(phases.phases()),
      "ready 1 algo-3 0.9; start 2 algo-1 2; spawn to first output 1 algo-2 3; run 18 algo-2 18; teardown 2 "
      "algo-1 1; ");
}

TEST(JobPhases, AreThoseThatThereWere) {
  JobPhases phases;
  EXPECT_EQ(in_words(phases.phases()), "");
  phases.waited(3, "", 0);
  EXPECT_EQ(in_words(phases.phases()), "ready 3  0; ");
  phases.engine_started(10 * second);
  phases.finished(14 * second);
  EXPECT_EQ(in_words(phases.phases()), "ready 3  0; start 4  0; ");
}

TEST(JobPhases, OfARunThatGoesOnLastUntilNow) {
  JobPhases phases;
  phases.waited(1, "", 0);
  EXPECT_EQ(in_words(phases.so_far(5 * second)), "ready 1  0; ");
  phases.engine_started(10 * second);
  EXPECT_EQ(in_words(phases.so_far(12 * second)), "ready 1  0; start 2  0; ");
  phases.spawned(13 * second);
  phases.ended("algo-2", 14 * second);  // the others go on
  EXPECT_EQ(in_words(phases.so_far(20 * second)), "ready 1  0; start 3  0; run 7  7; ");
  phases.finished(21 * second);
  EXPECT_EQ(in_words(phases.so_far(99 * second)), in_words(phases.phases()));
}

TEST(JobPhases, NameHostsOnlyWhereThereAreSeveral) {
  const std::vector<Phase> phases = {{"start", 0.5, "algo-2", 0.5},
                                     {"spawn to first output", 1, "algo-3", 4.25}};
  EXPECT_EQ(render_phases(phases, false), "start 0.5 s, spawn to first output 1.0 s");
  EXPECT_EQ(render_phases(phases, true),
            "start 0.5 s (algo-2 last), spawn to first output 1.0 s (algo-3 last, after 4.2 s)");
}

}  // namespace
}  // namespace smlaunch
