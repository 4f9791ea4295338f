// SPDX-License-Identifier: Apache-2.0
// How long this process did something, or was ready to and had no processor (/proc/PID/schedstat: kernel
// Documentation/scheduler/sched-stats.rst). It may have noticed the end of another process so much later.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace smlaunch {

// The first two numbers together, in nanoseconds since the process began. Nothing for another kind of line.
std::optional<std::uint64_t> parse_schedstat_wait(std::string_view text);

// The same of this process. 0 where the kernel does not count.
std::uint64_t read_processor_wait_ns();

// Since the other process was last known to run.
class ProcessorWait {
 public:
  // `wait_ns`: read before that process was started, or was looked at. An end that we have not been told yet takes
  // nothing away: the wait before it counts.
  void began(std::uint64_t wait_ns) { last_ns_ = wait_ns; }
  void looked(std::uint64_t wait_ns, bool has_ended);
  // When we are told of its end.
  [[nodiscard]] std::uint64_t until_ns(std::uint64_t wait_ns) const;

 private:
  std::uint64_t last_ns_ = 0;
};

}  // namespace smlaunch
