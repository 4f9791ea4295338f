// SPDX-License-Identifier: Apache-2.0
// How the sockets of the SSH connections are called that readiness's logins leave open for mpirun: pure.
#pragma once

#include <string>

#include "launcher/plan/plan.hpp"

namespace smlaunch {

// Each run has a folder of its own for them. It is short, whatever TMPDIR says.
inline constexpr const char* ssh_folder_template = "/tmp/smlaunch-ssh-XXXXXX";

// In the words of ssh_config(5). By the host's name, a client of ours finds the socket. By ssh's own digest of user, host
// and port, only ssh does, and it finds none where the user's arguments lead it elsewhere.
inline constexpr const char* ssh_socket_by_name = "ssh-%n";
inline constexpr const char* ssh_socket_by_digest = "ssh-%C";

// One rule for all hosts of the plan and its spare hosts. By name where mpirun's logins are left to us, and the sockets of
// all hosts fit.
std::string choose_ssh_socket(const JobSpec& spec, const Cluster& cluster);

// What mpirun is told to start instead of ssh, with ssh's own words, where the sockets go by names.
inline constexpr const char* ssh_agent_words = "worker --ssh";

}  // namespace smlaunch
