// SPDX-License-Identifier: Apache-2.0
// A cgroup (version 2) of its own for the processes of a rank, where one can be had: whatever they fork, and
// wherever that moves to, the kernel knows it as theirs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "launcher/process/unique_fd.hpp"

namespace smlaunch {

// The folder of our own cgroup, from /proc/self/mountinfo and /proc/self/cgroup; nothing where version 2 is
// not mounted or our cgroup does not lie below the mount.
std::optional<std::string> find_cgroup_folder(std::string_view mountinfo, std::string_view cgroup);

class RankCgroup {
 public:
  // Below our own. Nothing where the kernel does not let us (a container's is read-only as a rule).
  static std::optional<RankCgroup> make(const std::string& job, int rank);

  // "0" written there by a process takes it in.
  [[nodiscard]] int procs() const { return procs_.get(); }
  // What its processes have used so far.
  [[nodiscard]] std::optional<std::uint64_t> cpu_ns() const;
  // Kills what is in it, waits for its end (at most 2 s) and removes it.
  void end();

 private:
  RankCgroup(std::string folder, UniqueFd procs) : folder_(std::move(folder)), procs_(std::move(procs)) {}
  std::string folder_;
  UniqueFd procs_;
};

// Those that agents of this job have left below our own cgroup or beside it: they were killed.
void end_job_cgroups(const std::string& job);

}  // namespace smlaunch
