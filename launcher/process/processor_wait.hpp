// SPDX-License-Identifier: Apache-2.0
// How long this process did something, or was ready to and had no processor (/proc/PID/schedstat: kernel
// Documentation/scheduler/sched-stats.rst). It may have noticed events so much later.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace smlaunch {

// The first two numbers together, in nanoseconds since the process began. Nothing for another kind of line.
std::optional<std::uint64_t> parse_schedstat_wait(std::string_view text);

// Since the last mark. 0 where the kernel does not count.
class ProcessorWait {
 public:
  void mark();
  [[nodiscard]] std::uint64_t since_mark_ns() const;

 private:
  std::uint64_t at_mark_ns_ = 0;
};

}  // namespace smlaunch
