// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/device_evidence.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "launcher/outcome/decide_outcome.hpp"

namespace smlaunch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const RankHosts two_hosts = {"gn01", "gn02"};

// It was known at `seconds`, and the look before was a second earlier.
DeviceFact fact(const std::string& host, double seconds, DeviceKind kind, const std::string& device,
                const std::string& text, bool is_lasting = false) {
  return {.host = host,
          .since = seconds - 1,
          .seconds = seconds,
          .event = {.kind = kind, .device = device, .text = text, .is_lasting = is_lasting}};
}
DeviceFact xid_79(const std::string& host, double seconds) {
  return fact(host, seconds, DeviceKind::gpu_xid, "GPU 3", "reported XID 79 (the GPU has fallen off the bus)",
              true);
}
DeviceFact throttle(double seconds) {
  return fact("gn02", seconds, DeviceKind::gpu_throttle, "GPU 0", "slowed its clocks down: it is too hot");
}

// Rank 1 on gn02 fails 100 s after the start; rank 0 is stopped.
Outcome outcome_with(const std::vector<DeviceFact>& devices, RankEnd end = {.status = Exited{1}}) {
  JobRecord record;
  record.started = true;
  record.ranks = Indexed<Rank, RankRecord>(2);
  record.ranks[Rank{0}].end = RankEnd{.status = Signaled{15, false}, .told_to_stop = true};
  record.ranks[Rank{0}].times.seconds = 101;
  record.ranks[Rank{1}].end = std::move(end);
  record.ranks[Rank{1}].times.seconds = 100;
  record.devices = devices;
  return decide_outcome(record, two_hosts);
}
const std::string plain = "rank 1 on gn02 exited with code 1 100.0 s after the start, before any other";

TEST(DeviceEvidence, WhatADeviceOfTheHostSaidBeforeIsPartOfTheSentenceWithItsTime) {
  const Outcome outcome = outcome_with({xid_79("gn02", 88)});
  EXPECT_EQ(outcome.message,
            plain + "; 12 s before, GPU 3 of gn02 reported XID 79 (the GPU has fallen off the bus)");
  EXPECT_THAT(outcome.first_failure->evidence,
              ElementsAre("12 s before, GPU 3 of gn02 reported XID 79 (the GPU has fallen off the bus)"));
  EXPECT_THAT(outcome.hosts_at_fault, ElementsAre("gn02"));
  EXPECT_EQ(outcome.devices.size(), 1U);
}

TEST(DeviceEvidence, WhatCameLaterOrLongBeforeOrElsewhereIsNoPartOfIt) {
  for (const DeviceFact& each :
       {xid_79("gn02", 101.5), xid_79("gn01", 99), xid_79("gn02", 100 - 601), throttle(30)}) {
    const Outcome outcome = outcome_with({each});
    EXPECT_EQ(outcome.message, plain);
    EXPECT_THAT(outcome.first_failure->evidence, IsEmpty());
    EXPECT_THAT(outcome.hosts_at_fault, IsEmpty());
    EXPECT_EQ(outcome.devices.size(), 1U);
  }
}

TEST(DeviceEvidence, WhereTheLookWasAfterTheFailureAndTheOneBeforeWasNotNobodyKnowsWhichCameFirst) {
  EXPECT_EQ(outcome_with({xid_79("gn02", 100.5)}).message,
            plain + "; about then, GPU 3 of gn02 reported XID 79 (the GPU has fallen off the bus)");
  EXPECT_EQ(outcome_with({throttle(99.25)}).message,
            plain + "; 0.8 s before, GPU 0 of gn02 slowed its clocks down: it is too hot");
}

TEST(DeviceEvidence, TheRanksOwnGpuComesFirstThenWhatMostlyBreaksARank) {
  const Outcome by_weight = outcome_with({xid_79("gn02", 60), throttle(99)});
  EXPECT_EQ(by_weight.message.substr(plain.size(), 28), "; 40 s before, GPU 3 of gn02");
  EXPECT_EQ(by_weight.first_failure->evidence.size(), 2U);
  DeviceFact own = throttle(70);
  own.ranks = {Rank{1}};
  EXPECT_EQ(outcome_with({xid_79("gn02", 60), own}).message.substr(plain.size(), 28),
            "; 30 s before, GPU 0 of gn02");
}

TEST(DeviceEvidence, LackOfMemoryIsNotSaidTwice) {
  const DeviceFact kill =
      fact("gn02", 99.5, DeviceKind::out_of_memory, "the kernel", "killed 1 process for lack of memory");
  const Outcome said = outcome_with({kill}, {.status = Signaled{9, false}, .oom_kills = 1});
  EXPECT_EQ(
      said.message,
      "rank 1 on gn02 was killed by signal 9 (SIGKILL) 100.0 s after the start, before any other: out of "
      "memory: the kernel killed it");
  EXPECT_EQ(outcome_with({kill}).message,
            plain + "; 0.5 s before, the kernel of gn02 killed 1 process for lack of memory");
}

TEST(DeviceEvidence, AFailureThatOnlySaysThatAPeerWasGoneHasTheLossOfOtherHostsAsEvidence) {
  const DeviceFact link = fact("gn01", 95, DeviceKind::nic_link, "eth0", "lost its link");
  const DeviceFact heat = fact("gn01", 95, DeviceKind::gpu_throttle, "GPU 0", "slowed its clocks down");
  RankEnd lost_peer{.status = Exited{1},
                    .last_lines = {"RuntimeError: Connection closed by peer [10.0.0.2]:1"}};
  EXPECT_THAT(outcome_with({link, heat}, lost_peer).first_failure->evidence,
              ElementsAre("5.0 s before, eth0 of gn01 lost its link"));
  EXPECT_THAT(outcome_with({link, throttle(99)}, lost_peer).first_failure->evidence,
              ElementsAre("1.0 s before, GPU 0 of gn02 slowed its clocks down: it is too hot"));
  EXPECT_THAT(outcome_with({link}).first_failure->evidence, IsEmpty());
}

// All ranks are silent from 40 s after the start on, and are stopped at 100 s.
Outcome hang_with(const std::vector<DeviceFact>& devices) {
  JobRecord record;
  record.started = true;
  record.ranks = Indexed<Rank, RankRecord>(2);
  for (RankRecord& rank : record.ranks) {
    rank.end = RankEnd{.status = Signaled{15, false}, .told_to_stop = true};
    rank.times.seconds = 100;
  }
  record.hang = JobSilence{.seconds = 60};
  record.devices = devices;
  return decide_outcome(record, two_hosts);
}

TEST(DeviceEvidence, OfAHangWhatCameBeforeItsSilenceOrInItIsToldOfAnyHostThatOthersFeel) {
  const Outcome outcome =
      hang_with({fact("gn02", 39, DeviceKind::nic_link, "eth0", "lost its link and has it again")});
  EXPECT_EQ(outcome.failure_class, FailureClass::hang);
  EXPECT_TRUE(
      outcome.message.ends_with("; 39.0 s after the start, eth0 of gn02 lost its link and has it again"))
      << outcome.message;
  EXPECT_EQ(hang_with({xid_79("gn01", 50)}).first_failure->evidence.size(), 1U);
  EXPECT_THAT(hang_with({xid_79("gn01", 50)}).hosts_at_fault, ElementsAre("gn01"));
  EXPECT_THAT(hang_with({throttle(50), fact("gn02", 5, DeviceKind::nic_link, "eth0", "lost its link")})
                  .first_failure->evidence,
              ElementsAre("5.0 s after the start, eth0 of gn02 lost its link"));
  EXPECT_THAT(
      hang_with({fact("gn02", -30, DeviceKind::nic_link, "eth0", "lost its link")}).first_failure->evidence,
      IsEmpty());
}

TEST(DeviceEvidence, WhatOnlyFollowsFromAnEndIsNoReasonForOne) {
  DeviceFact cleanup = xid_79("gn02", 99);
  cleanup.event.is_no_reason = true;
  EXPECT_EQ(outcome_with({cleanup}).message, plain);
}

TEST(DeviceEvidence, ASuccessHasNone) {
  JobRecord record;
  record.started = true;
  record.ranks = Indexed<Rank, RankRecord>(2);
  for (RankRecord& rank : record.ranks) rank.end = RankEnd{.status = Exited{0}};
  record.devices = {xid_79("gn02", 0)};
  const Outcome outcome = decide_outcome(record, two_hosts);
  EXPECT_EQ(outcome.message, "");
  EXPECT_THAT(outcome.hosts_at_fault, IsEmpty());
  EXPECT_EQ(outcome.devices.size(), 1U);
}

}  // namespace
}  // namespace smlaunch
