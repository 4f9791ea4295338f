// SPDX-License-Identifier: Apache-2.0
// How much CPU time the container may use: cgroup v1 and v2 say it in different words.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace smlaunch {

// "200000 100000" -> 2 CPUs; "max 100000" and anything malformed -> nothing.
std::optional<double> parse_cpu_max(std::string_view text);

// The texts of cpu.cfs_quota_us and cpu.cfs_period_us; a negative quota means none.
std::optional<double> parse_cfs_quota(std::string_view quota, std::string_view period);

// This process's path in the tree of version 2, and in version 1's tree of the cpu controller. Both come from
// /proc/self/cgroup, and are empty where that file does not name them.
struct CgroupPaths {
  std::string unified;
  std::string cpu;
  bool operator==(const CgroupPaths&) const = default;
};
CgroupPaths parse_cgroup_paths(std::string_view text);

// The tightest limit from this process's own group up to the root; nothing where there is none.
std::optional<double> read_cpu_quota();

}  // namespace smlaunch
