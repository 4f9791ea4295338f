// SPDX-License-Identifier: Apache-2.0
// What a process of the job starts from on a host that another one leads: pure.
#pragma once

#include <map>
#include <optional>
#include <string>

namespace smlaunch {

// What a rank starts from. `agent`: the agent's own environment, which mpirun made. `worker`: that of the
// smlaunch which waits on this host; without one, on another host than the leader's, the leader's (less what
// belongs to a login); on the leader's host the agent's, with `leader`'s PATH, which mpirun changes. What
// mpirun tells its processes is kept in any case, and the folders of libraries that it has added, behind the
// others.
std::map<std::string, std::string> host_environment(
    const std::map<std::string, std::string>& agent,
    const std::optional<std::map<std::string, std::string>>& worker,
    const std::map<std::string, std::string>& leader, bool on_leader_host);

}  // namespace smlaunch
