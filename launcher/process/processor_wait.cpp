// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/processor_wait.hpp"

#include <charconv>
#include <fstream>
#include <limits>
#include <string>

namespace smlaunch {

std::optional<std::uint64_t> parse_schedstat_wait(std::string_view text) {
  const char* const end = text.data() + text.size();
  std::uint64_t ran = 0;
  const auto first = std::from_chars(text.data(), end, ran);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != ' ') return std::nullopt;
  std::uint64_t waited = 0;
  const auto second = std::from_chars(first.ptr + 1, end, waited);
  if (second.ec != std::errc{} || second.ptr == end || *second.ptr != ' ') return std::nullopt;
  if (ran > std::numeric_limits<std::uint64_t>::max() - waited) return std::nullopt;
  return ran + waited;
}

std::uint64_t read_processor_wait_ns() {
  std::ifstream file("/proc/self/schedstat");
  std::string line;
  std::getline(file, line);
  return parse_schedstat_wait(line).value_or(0);
}

void ProcessorWait::looked(std::uint64_t wait_ns, bool has_ended) {
  if (!has_ended) last_ns_ = wait_ns;
}

std::uint64_t ProcessorWait::until_ns(std::uint64_t wait_ns) const {
  return wait_ns > last_ns_ ? wait_ns - last_ns_ : 0;
}

}  // namespace smlaunch
