// SPDX-License-Identifier: Apache-2.0
#include "launcher/plan/ssh_sockets.hpp"

#include <algorithm>
#include <string_view>

namespace smlaunch {

namespace {

// A socket's address, less what ssh adds while it binds: a dot and 16 letters.
constexpr std::size_t longest_path = 107 - 17;
constexpr std::size_t longest_name =
    longest_path - std::string_view(ssh_folder_template).size() - std::string_view("/ssh-").size();

// mpirun splits an agent's words at blanks, and several agents at colons.
bool can_be_agent(std::string_view program) {
  return program.find_first_of(" \t:") == std::string_view::npos;
}

}  // namespace

std::string choose_ssh_socket(const JobSpec& spec, const Cluster& cluster) {
  const auto fits = [](const std::string& name) { return name.size() <= longest_name; };
  const bool all_fit = std::all_of(cluster.hosts.begin(), cluster.hosts.end(),
                                   [&](const Host& host) { return fits(host.name); }) &&
                       std::all_of(spec.spare_hosts.begin(), spec.spare_hosts.end(), fits);
  return all_fit && can_be_agent(spec.smlaunch) && !chooses_login(spec.mpi) ? ssh_socket_by_name
                                                                            : ssh_socket_by_digest;
}

}  // namespace smlaunch
