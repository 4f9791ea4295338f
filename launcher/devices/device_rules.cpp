// SPDX-License-Identifier: Apache-2.0
#include "launcher/devices/device_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "launcher/devices/xid.hpp"

namespace smlaunch {

namespace {

constexpr double repeat_after = 60;  // seconds
constexpr int most_times = 20;
// Links have some errors now and then.
constexpr std::uint64_t many_errors = 100;
// A disk is full where less than this is free, or 2 % where that is less.
constexpr std::uint64_t little_room = 256ULL << 20U;
constexpr std::uint64_t parts_of_small_disk = 50;
// What sets the clock step by step stays below it.
constexpr std::int64_t jump_ns = 1'000'000'000;

bool is_full(const DiskReading& disk) {
  return disk.free_bytes < std::min(little_room, disk.bytes / parts_of_small_disk) ||
         (disk.files > 0 && disk.free_files == 0);
}

std::string in_bytes(std::uint64_t bytes) {
  constexpr std::uint64_t gib = 1ULL << 30U;
  constexpr std::uint64_t mib = 1ULL << 20U;
  return bytes >= 10 * gib ? fmt::format("{} GiB", bytes / gib) : fmt::format("{} MiB", bytes / mib);
}

std::string full_words(const DiskReading& disk) {
  if (disk.files > 0 && disk.free_files == 0)
    return "can hold no more files: its file system has no inode free";
  return fmt::format("was full: {} of {} free", in_bytes(disk.free_bytes), in_bytes(disk.bytes));
}

std::string plural(long number) { return number == 1 ? "" : "s"; }

template <class Reading>
const LinkReading* find_link(const Reading& reading, const std::string& name) {
  for (const LinkReading& link : reading.links)
    if (link.name == name) return &link;
  return nullptr;
}

struct Reason {
  std::uint64_t bit;
  const char* words;
};
constexpr Reason reasons[] = {{hardware_thermal_slowdown, "it is too hot"},
                              {software_thermal_slowdown, "it is too hot"},
                              {power_brake, "the host's power supply asked for it"},
                              {hardware_slowdown, "its hardware asked for it"}};

}  // namespace

std::vector<DeviceEvent> DeviceRules::take(const HostReading& reading, double seconds) {
  seconds_ = seconds;
  found_.clear();
  if (before_) {
    take_links(reading);
    take_memory(reading);
    take_clock(reading);
  }
  take_disks(reading);
  for (const GpuHealth& gpu : reading.gpus) take_gpu(gpu);
  before_ = reading;
  return std::exchange(found_, {});
}

void DeviceRules::add(DeviceEvent event, const std::string& what) {
  const auto [found, is_new] =
      told_.try_emplace(fmt::format("{} {} {}", to_string(event.kind), event.device, what));
  Told& told = found->second;
  if (!is_new && (seconds_ - told.seconds < repeat_after || told.times >= most_times)) return;
  told = {.seconds = seconds_, .times = told.times + 1};
  found_.push_back(std::move(event));
}

void DeviceRules::take_links(const HostReading& reading) {
  for (const LinkReading& was : before_->links) {
    const LinkReading* is = find_link(reading, was.name);
    const auto tell = [&](DeviceKind kind, std::string text, const std::string& what) {
      add({.kind = kind, .device = was.name, .text = std::move(text)}, what);
    };
    if (is == nullptr) {
      if (was.is_up) tell(DeviceKind::nic_link, "is gone", "gone");
      continue;
    }
    if (was.is_up && !is->is_up)
      tell(DeviceKind::nic_link, "lost its link", "lost");
    else if (!was.is_up && is->is_up)
      tell(DeviceKind::nic_link, "has its link again", "back");
    else if (is->is_up && is->losses > was.losses)
      tell(DeviceKind::nic_link, "lost its link and has it again", "lost");
    if (is->recoveries > was.recoveries)
      tell(DeviceKind::nic_errors, "had to start its link again because of errors", "recovery");
    else if (is->errors >= was.errors + many_errors)
      tell(DeviceKind::nic_errors, fmt::format("had {} errors on its link at once", is->errors - was.errors),
           "errors");
  }
}

void DeviceRules::take_memory(const HostReading& reading) {
  if (!before_->oom_kills || !reading.oom_kills || *reading.oom_kills <= *before_->oom_kills) return;
  const long number = *reading.oom_kills - *before_->oom_kills;
  const bool knows_own = before_->own_oom_kills && reading.own_oom_kills;
  const long own = knows_own ? *reading.own_oom_kills - *before_->own_oom_kills : number;
  const bool is_outside = own <= 0;
  std::string where;
  if (is_outside) where = " outside the job's container";
  if (knows_own && own >= number) where = " of the job's container";
  add({.kind = DeviceKind::out_of_memory,
       .device = "the kernel",
       .text =
           fmt::format("killed {} process{}{} for lack of memory", number, number == 1 ? "" : "es", where),
       .is_no_reason = is_outside},
      where);
}

void DeviceRules::take_disks(const HostReading& reading) {
  for (const DiskReading& disk : reading.disks) {
    const bool is = is_full(disk);
    if (is && !is_full_[disk.folder])
      add({.kind = DeviceKind::disk_full, .device = disk.folder, .text = full_words(disk)});
    is_full_[disk.folder] = is;
  }
}

void DeviceRules::take_clock(const HostReading& reading) {
  if (!before_->clock_offset_ns || !reading.clock_offset_ns) return;
  const std::int64_t moved = *reading.clock_offset_ns - *before_->clock_offset_ns;
  if (std::abs(moved) < jump_ns) return;
  add({.kind = DeviceKind::clock_jump,
       .device = "the clock",
       .text = fmt::format("jumped {:.1f} s {}", std::abs(static_cast<double>(moved)) / 1e9,
                           moved > 0 ? "forward" : "back")});
}

void DeviceRules::take_gpu(const GpuHealth& gpu) {
  GpuBefore& was = gpus_[gpu.index];
  const auto event = [&](DeviceKind kind, std::string text, bool is_lasting) {
    return DeviceEvent{.kind = kind,
                       .device = fmt::format("GPU {}", gpu.index),
                       .pci = gpu.pci,
                       .text = std::move(text),
                       .is_lasting = is_lasting};
  };
  for (const std::uint64_t xid : gpu.xids) {
    const std::string words = xid_words(xid);
    DeviceEvent reported =
        event(DeviceKind::gpu_xid,
              fmt::format("reported XID {}{}", xid, words.empty() ? "" : fmt::format(" ({})", words)),
              is_lasting_xid(xid));
    reported.is_no_reason = is_consequence_xid(xid);
    add(std::move(reported), std::to_string(xid));
  }
  if (gpu.is_lost && !was.is_lost)
    add(event(DeviceKind::gpu_lost, "is lost: it does not answer the driver any more", true));
  was.is_lost = gpu.is_lost;
  if (gpu.uncorrected_errors) {
    if (was.uncorrected_errors && *gpu.uncorrected_errors > *was.uncorrected_errors) {
      const auto number = static_cast<long>(*gpu.uncorrected_errors - *was.uncorrected_errors);
      add(event(DeviceKind::gpu_ecc,
                fmt::format("had {} memory error{} that could not be corrected", number, plural(number)),
                true));
    }
    was.uncorrected_errors = gpu.uncorrected_errors;
  }
  if (!gpu.throttle_reasons) return;
  for (const Reason& reason : reasons)
    if ((*gpu.throttle_reasons & reason.bit) != 0 && (was.throttle_reasons & reason.bit) == 0)
      add(event(DeviceKind::gpu_throttle, fmt::format("slowed its clocks down: {}", reason.words), false),
          reason.words);
  was.throttle_reasons = *gpu.throttle_reasons;
}

}  // namespace smlaunch
