// SPDX-License-Identifier: Apache-2.0
// Reads what HostReading holds. The folders in which the kernel tells it are arguments, so that tests make
// their own.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "launcher/devices/host_reading.hpp"

namespace smlaunch {

// What of a host concerns its ranks.
struct WatchedPlaces {
  std::vector<std::string> interfaces = {};  // of the job's network; loopback has no link to lose
  std::vector<std::string> folders = {};     // that ranks write to; which are not there is no matter
};

// The interfaces, and every port of every InfiniBand adapter, below `sys` (/sys).
std::vector<LinkReading> read_links(const std::filesystem::path& sys,
                                    const std::vector<std::string>& interfaces);

// Of folders on one file system the first. A network file system that hangs holds the caller.
std::vector<DiskReading> read_disks(const std::vector<std::string>& folders);

// Below `proc` (/proc). Nothing: this kernel does not count them.
std::optional<long> read_host_oom_kills(const std::filesystem::path& proc);

// Nothing: this thread was held up while it looked.
std::optional<std::int64_t> read_clock_offset();

}  // namespace smlaunch
