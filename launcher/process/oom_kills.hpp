// SPDX-License-Identifier: Apache-2.0
// How many processes of our container the kernel has killed for lack of memory. Nothing else proves that
// this was the reason for a SIGKILL.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace smlaunch {

// The number after "oom_kill" in version 2's memory.events or version 1's memory.oom_control.
std::optional<long> parse_oom_kills(std::string_view text);

// The files that may hold the number, by /proc/self/cgroup, the likeliest first. In a container without a
// cgroup namespace the path is the host's, and the mounted root is our own.
struct OomFiles {
  std::string in_cgroup;
  std::string at_root;
  bool operator==(const OomFiles&) const = default;
};
std::optional<OomFiles> parse_oom_files(std::string_view proc_self_cgroup);

// Nothing where the kernel does not tell.
std::optional<long> read_oom_kills();

// Watches the number while one rank runs, and tells what it says about the rank's end.
class OomWatch {
 public:
  void begin(std::optional<long> count) { before_ = seen_ = count; }
  // To be called about once a second. `is_ending`: the rank was killed, and its memory is being freed. That
  // can take seconds, and kills since the sample before belong to its end.
  void sample(std::optional<long> count, bool is_ending);

  struct Kills {
    long at_end = 0;   // since the last sample
    long earlier = 0;  // before that, while it ran
    bool operator==(const Kills&) const = default;
  };
  [[nodiscard]] Kills at_end(std::optional<long> count) const;

 private:
  std::optional<long> before_;
  std::optional<long> seen_;
};

}  // namespace smlaunch
