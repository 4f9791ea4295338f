// SPDX-License-Identifier: Apache-2.0
#include "topology/cgroup.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <vector>

#include "base/read_file.hpp"

namespace smlaunch {
namespace {

std::optional<long long> parse_number(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  long long value = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc{} || stopped != end) return std::nullopt;
  return value;
}

// "/a/b" -> "/a/b", "/a", "".
std::vector<std::string> with_ancestors(std::string path) {
  std::vector<std::string> all;
  while (!path.empty() && path != "/") {
    all.push_back(path);
    path.erase(path.rfind('/'));
  }
  all.emplace_back();
  return all;
}

void tighten(std::optional<double>& limit, std::optional<double> other) {
  if (other && (!limit || *other < *limit)) limit = other;
}

}  // namespace

std::optional<double> parse_cpu_max(std::string_view text) {
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  return parse_cfs_quota(text.substr(0, blank), text.substr(blank + 1));
}

std::optional<double> parse_cfs_quota(std::string_view quota, std::string_view period) {
  const auto time = parse_number(quota);
  const auto out_of = parse_number(period);
  if (!time || !out_of || *time <= 0 || *out_of <= 0) return std::nullopt;
  return static_cast<double>(*time) / static_cast<double>(*out_of);
}

CgroupPaths parse_cgroup_paths(std::string_view text) {
  CgroupPaths paths;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos || line.substr(second + 1, 1) != "/") continue;
    const std::string controllers = "," + std::string(line.substr(first + 1, second - first - 1)) + ",";
    if (controllers == ",,") paths.unified = line.substr(second + 1);
    if (controllers.find(",cpu,") != std::string::npos) paths.cpu = line.substr(second + 1);
  }
  return paths;
}

std::optional<double> read_cpu_quota() {
  const CgroupPaths paths = parse_cgroup_paths(read_small_file("/proc/self/cgroup"));
  std::optional<double> limit;
  for (const std::string& path : with_ancestors(paths.unified)) {
    tighten(limit, parse_cpu_max(read_small_file("/sys/fs/cgroup" + path + "/cpu.max")));
  }
  for (const std::string& path : with_ancestors(paths.cpu)) {
    const std::string folder = "/sys/fs/cgroup/cpu" + path;
    tighten(limit, parse_cfs_quota(read_small_file(folder + "/cpu.cfs_quota_us"),
                                   read_small_file(folder + "/cpu.cfs_period_us")));
  }
  return limit;
}

}  // namespace smlaunch
