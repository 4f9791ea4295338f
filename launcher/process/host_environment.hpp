// SPDX-License-Identifier: Apache-2.0
// The environment of a process of the job on a host that another one leads: pure.
#pragma once

#include <map>
#include <optional>
#include <string>

namespace smlaunch {

// The environment from which a rank starts. `agent`: the agent's own environment, which mpirun has made.
// `worker`: the environment of the smlaunch that waits on this host; it is the rank's. Without a worker, the
// rank has `leader`'s on another host than the leader's (without the variables of a login), and the agent's
// on the leader's host, there with `leader`'s PATH, since mpirun changes it. mpirun's own variables for its
// processes are kept in any case, and so are, behind the others, the folders of libraries that mpirun has
// added.
std::map<std::string, std::string> host_environment(
    const std::map<std::string, std::string>& agent,
    const std::optional<std::map<std::string, std::string>>& worker,
    const std::map<std::string, std::string>& leader, bool on_leader_host);

}  // namespace smlaunch
