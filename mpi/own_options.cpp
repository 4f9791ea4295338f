// SPDX-License-Identifier: Apache-2.0
// The SageMaker toolkit's command, in its order, with these changes:
// - btl ^openib,ofi instead of ^openib: a list on the command line undoes the list in Debian's configuration,
//   and the ofi transport that comes back costs a job more than a second.
// - Short TCP keepalives between mpirun and its daemons: a silent host is noticed in about 12 seconds, not
// in 8
//   minutes.
// - ssh never asks anything, and gives up on a host that accepts and says nothing.
// - Whole names are kept where they hold a dot: otherwise a.one and a.two are one host, `a`, to Open MPI.
// - smddp, too, is mapped by slot and not bound: the plan counts on it, and our agents bind.
// - No LD_PRELOAD of a library that invents host names.
#include "mpi/own_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "mpi/schedulers.hpp"

namespace smlaunch {
namespace {

// The kernel takes at most 131,072 bytes in one argument; --host may be repeated, and the lists are joined.
constexpr std::size_t longest_host_list = 100'000;
// mpirun's own default for ssh processes at a time.
constexpr std::size_t most_logins_at_once = 128;
constexpr const char* loopback_interface = "lo";

MpirunOption mca(std::string parameter, std::string value) {
  return {"mca", {std::move(parameter), std::move(value)}};
}

bool has_domain(const std::string& name) {
  return name.find('.') != std::string::npos && name.find_first_not_of("0123456789.") != std::string::npos;
}

// ssh keeps the first value it is given, so the user's own arguments, put before these, win.
std::string ssh_arguments(int port, const std::string& control_path) {
  std::string arguments = "-o BatchMode=yes -o ConnectTimeout=10";
  if (port != 22) arguments += fmt::format(" -p {}", port);
  if (!control_path.empty()) arguments += fmt::format(" -o ControlPath={}", control_path);
  return arguments;
}

// Slurm ends what a step has left behind, so mpirun's daemons must stay what their agent has started; then
// every agent runs as long as the job. Open MPI's own Slurm modules take the allocation's first hosts for
// whatever hosts they are given, and must not have a say.
void add_remote_agent(const MpirunRequest& request, std::vector<MpirunOption>& options) {
  options.push_back(mca("plm", request.version.major >= 5 ? "ssh" : "rsh"));
  options.push_back(mca("plm_rsh_agent", request.remote_agent));
  options.push_back(mca("ras", "^slurm"));
  options.push_back(mca("orte_leave_session_attached", "1"));
}

}  // namespace

std::vector<MpirunOption> host_options(const std::vector<std::pair<std::string, int>>& hosts) {
  const bool bare =
      std::all_of(hosts.begin(), hosts.end(), [](const auto& host) { return host.second == 1; });
  std::vector<MpirunOption> options;
  for (const auto& [name, slots] : hosts) {
    const std::string entry = bare ? name : fmt::format("{}:{}", name, slots);
    if (options.empty() || options.back().values[0].size() + entry.size() >= longest_host_list) {
      options.push_back({"host", {entry}});
    } else {
      options.back().values[0] += "," + entry;
    }
  }
  return options;
}

std::vector<MpirunOption> our_options(const MpirunRequest& request) {
  std::vector<MpirunOption> options = {{"allow-run-as-root", {}}};
  const bool mpi = request.style == MpirunStyle::mpi;
  if (mpi) options.push_back({"display-map", {}});
  options.push_back({"tag-output", {}});
  if (request.oversubscribe || !mpi) options.push_back({"oversubscribe", {}});
  for (const std::string traffic : {"btl", "oob"}) {
    // PRRTE, under Open MPI 5, refuses to talk over loopback alone, and needs not be told where that is all.
    if (traffic == "oob" && request.version.major >= 5 && request.tcp_include == loopback_interface) continue;
    if (!request.tcp_include.empty())
      options.push_back(mca(fmt::format("{}_tcp_if_include", traffic), request.tcp_include));
    else if (!request.tcp_exclude.empty())
      options.push_back(mca(fmt::format("{}_tcp_if_exclude", traffic), request.tcp_exclude));
  }
  if (request.remote_agent.empty())
    for (MpirunOption& option : options_against(request.schedulers)) options.push_back(std::move(option));
  options.push_back(mca("plm_rsh_no_tree_spawn", "1"));
  options.push_back({"bind-to", {"none"}});
  options.push_back({"map-by", {"slot"}});
  options.push_back(mca("pml", "ob1"));
  options.push_back(mca("btl", "^openib,ofi"));
  options.push_back(mca("orte_abort_on_non_zero_status", "1"));
  options.push_back(mca("btl_vader_single_copy_mechanism", "none"));
  if (request.hosts.size() > 1) {
    options.push_back(
        mca("plm_rsh_num_concurrent",
            std::to_string(request.remote_agent.empty() ? std::min(request.hosts.size(), most_logins_at_once)
                                                        : request.hosts.size())));
  }
  if (request.remote_agent.empty()) {
    if (!request.ssh_agent.empty()) options.push_back(mca("plm_rsh_agent", request.ssh_agent));
    options.push_back(mca("plm_rsh_args", ssh_arguments(request.ssh_port, request.ssh_control_path)));
  } else {
    add_remote_agent(request, options);
  }
  options.push_back(mca("oob_tcp_keepalive_time", "5"));
  options.push_back(mca("oob_tcp_keepalive_intvl", "2"));
  options.push_back(mca("oob_tcp_keepalive_probes", "3"));
  if (std::any_of(request.hosts.begin(), request.hosts.end(),
                  [](const auto& host) { return has_domain(host.first); })) {
    options.push_back(mca("orte_keep_fqdn_hostnames", "1"));
  }
  if (request.yields_when_idle) options.push_back(mca("mpi_yield_when_idle", "1"));
  return options;
}

std::vector<MpirunOption> our_exports(const MpirunRequest& request) {
  std::unordered_set<std::string> named;
  std::vector<MpirunOption> options;
  for (const auto& [name, value] : request.exported_values) {
    if (named.insert(name).second) options.push_back({"x", {fmt::format("{}={}", name, value)}});
  }
  for (const std::string& name : request.exported) {
    if (named.insert(name).second) options.push_back({"x", {name}});
  }
  return options;
}

}  // namespace smlaunch
