// SPDX-License-Identifier: Apache-2.0
// How many processes of our container the kernel has killed for lack of memory: the only proof that a SIGKILL
// was that.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace smlaunch {

// The number after "oom_kill", as version 2's memory.events and version 1's memory.oom_control have it.
std::optional<long> parse_oom_kills(std::string_view text);

// Where /proc/self/cgroup says that we lie, as files that may hold the number, the likeliest first. In a
// container without a cgroup namespace the path is the host's, and the root that is mounted is our own.
struct OomFiles {
  std::string in_cgroup;
  std::string at_root;
  bool operator==(const OomFiles&) const = default;
};
std::optional<OomFiles> parse_oom_files(std::string_view proc_self_cgroup);

// Nothing where the kernel does not tell.
std::optional<long> read_oom_kills();

// The number while one rank runs, and what it says about the rank's end.
class OomWatch {
 public:
  void begin(std::optional<long> count) { before_ = seen_ = count; }
  // About once a second. `is_ending`: the rank has been killed, and what it held is being given back; that
  // can take seconds, and what was counted since the sample before belongs to its end.
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
