// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/oom_kills.hpp"

#include <algorithm>
#include <charconv>

#include "base/read_file.hpp"

namespace smlaunch {

namespace {

// Takes the next line off the text.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

OomFiles files_of(const std::string& root, std::string_view path, const std::string& file) {
  const std::string below = path == "/" ? "" : std::string(path);
  return {root + below + "/" + file, root + "/" + file};
}

}  // namespace

std::optional<long> parse_oom_kills(std::string_view text) {
  constexpr std::string_view name = "oom_kill ";
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (!line.starts_with(name)) continue;
    long number = 0;
    const char* end = line.data() + line.size();
    const auto [stopped, error] = std::from_chars(line.data() + name.size(), end, number);
    if (error != std::errc() || stopped != end || number < 0) return {};
    return number;
  }
  return {};
}

std::optional<OomFiles> parse_oom_files(std::string_view text) {
  std::optional<OomFiles> unified;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos || line.substr(second + 1, 1) != "/") continue;
    const std::string controllers = "," + std::string(line.substr(first + 1, second - first - 1)) + ",";
    const std::string_view path = line.substr(second + 1);
    // On a host with both versions, one of them has the memory controller: version 1, if it is named there.
    if (controllers.find(",memory,") != std::string::npos)
      return files_of("/sys/fs/cgroup/memory", path, "memory.oom_control");
    if (controllers == ",,") unified = files_of("/sys/fs/cgroup", path, "memory.events");
  }
  return unified;
}

std::optional<long> read_oom_kills() {
  const auto files = parse_oom_files(read_small_file("/proc/self/cgroup"));
  if (!files) return {};
  if (const auto number = parse_oom_kills(read_small_file(files->in_cgroup))) return number;
  return parse_oom_kills(read_small_file(files->at_root));
}

void OomWatch::sample(std::optional<long> count, bool is_ending) {
  if (seen_ && count && !is_ending) seen_ = count;
}

OomWatch::Kills OomWatch::at_end(std::optional<long> count) const {
  if (!before_ || !seen_) return {};
  return {count ? std::max(0L, *count - *seen_) : 0, std::max(0L, *seen_ - *before_)};
}

}  // namespace smlaunch
