// SPDX-License-Identifier: Apache-2.0
#include "launcher/devices/device_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smlaunch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> sentences(const std::vector<DeviceEvent>& events) {
  std::vector<std::string> all;
  for (const DeviceEvent& event : events)
    all.push_back(to_string(event.kind) + ": " + event.device + " " + event.text);
  return all;
}

// What two readings, ten seconds apart, say.
std::vector<std::string> between(const HostReading& before, const HostReading& after) {
  DeviceRules rules;
  EXPECT_THAT(sentences(rules.take(before, 0)), IsEmpty());
  return sentences(rules.take(after, 10));
}

HostReading with_link(const LinkReading& link) { return {.links = {link}}; }
HostReading with_disk(const DiskReading& disk) { return {.disks = {disk}}; }
HostReading with_gpu(const GpuHealth& gpu) { return {.gpus = {gpu}}; }

constexpr std::uint64_t gib = 1ULL << 30U;
constexpr std::uint64_t mib = 1ULL << 20U;

TEST(DeviceRules, AHostThatStaysAsItIsBringsNothing) {
  const HostReading reading{
      .links = {{.name = "eth0", .is_up = true, .losses = 7, .recoveries = 2, .errors = 1000}},
      .disks = {{.folder = "/tmp", .free_bytes = 5 * gib, .bytes = 100 * gib, .free_files = 9, .files = 10}},
      .oom_kills = 19,
      .own_oom_kills = 3,
      .clock_offset_ns = 1'700'000'000'000'000'000,
      .gpus = {{.index = 0, .uncorrected_errors = 12, .throttle_reasons = 0x5}}};
  EXPECT_THAT(between(reading, reading), IsEmpty());
}

TEST(DeviceRules, ALinkThatIsLostAndOneThatIsBackAreTold) {
  const LinkReading up{.name = "eth0", .is_up = true, .losses = 2};
  const LinkReading down{.name = "eth0", .is_up = false, .losses = 3};
  const LinkReading was_away{.name = "eth0", .is_up = true, .losses = 4};
  EXPECT_THAT(between(with_link(up), with_link(down)), ElementsAre("nic_link: eth0 lost its link"));
  EXPECT_THAT(between(with_link(down), with_link(was_away)),
              ElementsAre("nic_link: eth0 has its link again"));
  EXPECT_THAT(between(with_link(up), with_link(was_away)),
              ElementsAre("nic_link: eth0 lost its link and has it again"));
  EXPECT_THAT(between(with_link(up), {}), ElementsAre("nic_link: eth0 is gone"));
  EXPECT_THAT(between(with_link(down), with_link(down)), IsEmpty());
  EXPECT_THAT(between(with_link(down), {}), IsEmpty());
}

TEST(DeviceRules, ALinkWithManyErrorsIsToldAndOneWithSomeIsNot) {
  const LinkReading link{.name = "mlx5_0:1", .is_up = true, .errors = 50};
  LinkReading later = link;
  later.errors = 149;
  EXPECT_THAT(between(with_link(link), with_link(later)), IsEmpty());
  later.errors = 150;
  EXPECT_THAT(between(with_link(link), with_link(later)),
              ElementsAre("nic_errors: mlx5_0:1 had 100 errors on its link at once"));
  later.recoveries = 1;
  EXPECT_THAT(between(with_link(link), with_link(later)),
              ElementsAre("nic_errors: mlx5_0:1 had to start its link again because of errors"));
  later = link;
  later.errors = 0;  // somebody has set the counters back
  EXPECT_THAT(between(with_link(link), with_link(later)), IsEmpty());
}

TEST(DeviceRules, KillsForLackOfMemoryAreToldWithWhoseTheyWere) {
  const auto kills = [](std::optional<long> all, std::optional<long> own) {
    return HostReading{.oom_kills = all, .own_oom_kills = own};
  };
  EXPECT_THAT(
      between(kills(19, 3), kills(20, 4)),
      ElementsAre("out_of_memory: the kernel killed 1 process of the job's container for lack of memory"));
  EXPECT_THAT(
      between(kills(19, 3), kills(21, 3)),
      ElementsAre(
          "out_of_memory: the kernel killed 2 processes outside the job's container for lack of memory"));
  EXPECT_THAT(between(kills(19, {}), kills(20, {})),
              ElementsAre("out_of_memory: the kernel killed 1 process for lack of memory"));
  EXPECT_THAT(between(kills(19, 3), kills(21, 4)),
              ElementsAre("out_of_memory: the kernel killed 2 processes for lack of memory"));
  DeviceRules rules;
  rules.take(kills(19, 3), 0);
  EXPECT_TRUE(rules.take(kills(20, 3), 1)[0].is_no_reason);
  EXPECT_FALSE(rules.take(kills(21, 4), 2)[0].is_no_reason);
  EXPECT_THAT(between(kills({}, 3), kills({}, 4)), IsEmpty());
  EXPECT_THAT(between(kills({}, 3), kills(5, 3)), IsEmpty());
}

TEST(DeviceRules, AFullDiskIsToldOnceUntilThereIsRoomAgain) {
  DeviceRules rules;
  const DiskReading roomy{.folder = "/opt/ml/output", .free_bytes = 300 * mib, .bytes = 100 * gib};
  DiskReading full = roomy;
  full.free_bytes = 12 * mib;
  const auto told = ElementsAre("disk_full: /opt/ml/output was full: 12 MiB of 100 GiB free");
  EXPECT_THAT(sentences(rules.take(with_disk(roomy), 0)), IsEmpty());
  EXPECT_THAT(sentences(rules.take(with_disk(full), 1)), told);
  EXPECT_THAT(sentences(rules.take(with_disk(full), 200)), IsEmpty());
  EXPECT_THAT(sentences(rules.take(with_disk(roomy), 300)), IsEmpty());
  EXPECT_THAT(sentences(rules.take(with_disk(full), 400)), told);
}

TEST(DeviceRules, ADiskThatIsFullAtTheBeginningIsToldAtOnce) {
  DeviceRules rules;
  EXPECT_THAT(sentences(rules.take(with_disk({.folder = "/tmp", .free_bytes = 0, .bytes = 64 * mib}), 0)),
              ElementsAre("disk_full: /tmp was full: 0 MiB of 64 MiB free"));
}

TEST(DeviceRules, ASmallDiskIsNotFullForBeingSmallAndADiskWithoutInodesIs) {
  DeviceRules rules;
  DiskReading small{
      .folder = "/tmp", .free_bytes = 2 * mib, .bytes = 64 * mib, .free_files = 3, .files = 100};
  EXPECT_THAT(sentences(rules.take(with_disk(small), 0)), IsEmpty());
  small.free_files = 0;
  EXPECT_THAT(sentences(rules.take(with_disk(small), 1)),
              ElementsAre("disk_full: /tmp can hold no more files: its file system has no inode free"));
}

TEST(DeviceRules, AClockThatIsSetAnewIsToldAndOneThatIsHeldRightIsNot) {
  const auto clock = [](double seconds) {
    return HostReading{.clock_offset_ns = static_cast<std::int64_t>(seconds * 1e9)};
  };
  EXPECT_THAT(between(clock(1e9), clock(1e9 + 3600)),
              ElementsAre("clock_jump: the clock jumped 3600.0 s forward"));
  EXPECT_THAT(between(clock(1e9), clock(1e9 - 1.5)), ElementsAre("clock_jump: the clock jumped 1.5 s back"));
  EXPECT_THAT(between(clock(1e9), clock(1e9 + 0.5)), IsEmpty());
  EXPECT_THAT(between(clock(1e9), {}), IsEmpty());
}

TEST(DeviceRules, AnXidIsToldWithItsWordsWhetherItLastsAndWhetherItIsAReason) {
  DeviceRules rules;
  rules.take({}, 0);
  const auto events =
      rules.take(with_gpu({.index = 3, .pci = "0000:3b:00.0", .xids = {79, 31, 45, 9999}}), 1);
  EXPECT_THAT(
      sentences(events),
      ElementsAre("gpu_xid: GPU 3 reported XID 79 (the GPU has fallen off the bus)",
                  "gpu_xid: GPU 3 reported XID 31 (a page fault of the GPU's memory, mostly of the program)",
                  "gpu_xid: GPU 3 reported XID 45 (a process was ended while it used the GPU)",
                  "gpu_xid: GPU 3 reported XID 9999"));
  EXPECT_TRUE(events[0].is_lasting && !events[0].is_no_reason);
  EXPECT_FALSE(events[1].is_lasting || events[1].is_no_reason);
  EXPECT_TRUE(!events[2].is_lasting && events[2].is_no_reason);
  EXPECT_EQ(events[0].pci, "0000:3b:00.0");
}

TEST(DeviceRules, AGpuThatIsLostIsToldOnce) {
  DeviceRules rules;
  EXPECT_THAT(rules.take(with_gpu({.index = 1}), 0), IsEmpty());
  const auto events = rules.take(with_gpu({.index = 1, .is_lost = true}), 1);
  EXPECT_THAT(sentences(events),
              ElementsAre("gpu_lost: GPU 1 is lost: it does not answer the driver any more"));
  EXPECT_TRUE(events[0].is_lasting);
  EXPECT_THAT(rules.take(with_gpu({.index = 1, .is_lost = true}), 100), IsEmpty());
}

TEST(DeviceRules, MemoryErrorsCountAlsoWhereTheCountIsReadOnlyNowAndThen) {
  DeviceRules rules;
  EXPECT_THAT(rules.take(with_gpu({.uncorrected_errors = 5}), 0), IsEmpty());
  EXPECT_THAT(rules.take(with_gpu({}), 1), IsEmpty());
  EXPECT_THAT(sentences(rules.take(with_gpu({.uncorrected_errors = 7}), 2)),
              ElementsAre("gpu_ecc: GPU 0 had 2 memory errors that could not be corrected"));
  EXPECT_THAT(rules.take(with_gpu({.uncorrected_errors = 7}), 100), IsEmpty());
}

TEST(DeviceRules, AHotGpuIsToldAndOneThatKeepsToItsPowerLimitIsNot) {
  constexpr std::uint64_t idle = 0x1;
  constexpr std::uint64_t power_limit = 0x4;
  DeviceRules rules;
  EXPECT_THAT(rules.take(with_gpu({.throttle_reasons = idle | power_limit}), 0), IsEmpty());
  EXPECT_THAT(sentences(rules.take(
                  with_gpu({.throttle_reasons = hardware_thermal_slowdown | software_thermal_slowdown}), 1)),
              ElementsAre("gpu_throttle: GPU 0 slowed its clocks down: it is too hot"));
  EXPECT_THAT(
      sentences(rules.take(with_gpu({.throttle_reasons = power_brake}), 2)),
      ElementsAre("gpu_throttle: GPU 0 slowed its clocks down: the host's power supply asked for it"));
}

TEST(DeviceRules, WhatComesAgainAndAgainIsToldOnceAMinuteAndTwentyTimesAtMost) {
  DeviceRules rules;
  int told = 0;
  std::uint64_t losses = 0;
  for (int second = 0; second < 3600; ++second)
    told += static_cast<int>(
        rules.take(with_link({.name = "eth0", .is_up = true, .losses = ++losses}), second).size());
  EXPECT_EQ(told, 20);
  EXPECT_THAT(sentences(rules.take(with_link({.name = "eth0", .is_up = false, .losses = ++losses}), 3600)),
              IsEmpty());
  DeviceRules others;
  others.take(with_link({.name = "eth0", .is_up = true}), 0);
  EXPECT_EQ(others.take(with_link({.name = "eth0", .is_up = false}), 1).size(), 1U);
  EXPECT_EQ(others.take(with_link({.name = "eth0", .is_up = true}), 2).size(), 1U);
  EXPECT_EQ(others.take(with_link({.name = "eth0", .is_up = false}), 3).size(), 0U);
  others.take(with_link({.name = "eth0", .is_up = true}), 62);
  EXPECT_EQ(others.take(with_link({.name = "eth0", .is_up = false}), 63).size(), 1U);
}

}  // namespace
}  // namespace smlaunch
