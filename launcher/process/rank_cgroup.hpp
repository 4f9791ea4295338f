// SPDX-License-Identifier: Apache-2.0
// A cgroup (version 2) of its own for the processes of a rank, where the kernel allows one. Whatever they
// fork, and whatever session that moves to, the kernel counts it among them.
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
  // Makes one below our own cgroup. Nothing: the kernel does not allow it (a container's cgroups are
  // read-only as a rule).
  static std::optional<RankCgroup> make(const std::string& job, int rank);

  // A process may begin there, or joins it when it writes "0" to procs().
  [[nodiscard]] int folder() const { return opened_.get(); }
  [[nodiscard]] int procs() const { return procs_.get(); }
  // The processor time that its processes have used so far.
  [[nodiscard]] std::optional<std::uint64_t> cpu_ns() const;
  // Kills its processes, waits for their end (at most 2 s) and removes it.
  void end();

 private:
  RankCgroup(std::string folder, UniqueFd opened, UniqueFd procs)
      : folder_(std::move(folder)), opened_(std::move(opened)), procs_(std::move(procs)) {}
  std::string folder_;
  UniqueFd opened_;
  UniqueFd procs_;
};

// Where agents of a job may have been: below our own cgroup; and where logins started them, in a sibling of it, too.
enum class AgentsWere { below_us, in_logins_too };

// Ends the cgroups that killed agents of this job have left.
void end_job_cgroups(const std::string& job, AgentsWere where = AgentsWere::in_logins_too);

}  // namespace smlaunch
