// SPDX-License-Identifier: Apache-2.0
// Left alone, mpirun and the ranks try the addresses of a host one after the other; docker0 has the same one
// everywhere, so a host may talk to itself there, or wait for ever.
#include "launcher/job/job_interface.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/host_name.hpp"
#include "base/own_words.hpp"
#include "launcher/job/job_hosts.hpp"
#include "launcher/outcome/report_error.hpp"
#include "launcher/this_host/own_host.hpp"
#include "topology/interfaces.hpp"

namespace smlaunch {

namespace {

// A few are enough to tell where the others are; each name costs a question to the name server.
constexpr std::size_t most_hosts_asked = 8;

struct Network {
  std::string subnet;
  std::string exclude;
  std::string why;
};

// For mpirun, where no interface has a name that all hosts share.
Network choose_network(const Questions& ask, const std::vector<std::string>& others) {
  const std::vector<std::vector<std::string>> known = ask.addresses(others);
  std::vector<std::string> all;
  for (const auto& addresses : known) all.insert(all.end(), addresses.begin(), addresses.end());
  const bool are_here = !all.empty() && std::all_of(all.begin(), all.end(), [](const std::string& address) {
    return subnet_contains("127.0.0.0/8", address) || address == "::1";
  });
  if (are_here) return {"", "", "left to Open MPI: the other hosts are names of this machine"};
  const auto [name, subnet] = common_subnet(ask.interfaces(), known);
  if (!subnet.empty())
    return {subnet, "",
            fmt::format("mpirun keeps to {}, the subnet of {} here that all the other hosts are in", subnet,
                        name)};
  const bool is_one_unknown =
      std::any_of(known.begin(), known.end(), [](const auto& addresses) { return addresses.empty(); });
  return {"", interfaces_to_avoid(all),
          fmt::format("mpirun keeps off loopback and container engines' bridges, because {}",
                      is_one_unknown ? "not every host's address is known here"
                                     : "no subnet of this machine has all the other hosts in it")};
}

// What SageMaker's local mode writes into resourceconfig.json, whatever its containers have.
constexpr const char* local_mode_interface = "ethwe";

// It counts as none where the interfaces are known and it is none of them.
bool is_of_local_mode(const Questions& ask, const std::string& name) {
  if (name != local_mode_interface) return false;
  const std::vector<NetworkInterface> interfaces = ask.interfaces();
  return !interfaces.empty() && std::none_of(interfaces.begin(), interfaces.end(),
                                             [&](const NetworkInterface& each) { return each.name == name; });
}

bool hosts_ranks_here(const LaunchPlan& plan) {
  const auto& hosts = plan.cluster.hosts;
  return std::any_of(hosts.begin(), hosts.end(),
                     [&](const Host& host) { return host.name == plan.current_host; });
}

bool spans_machines(const LaunchPlan& plan) {
  return plan.cluster.hosts.size() > 1 || plan.nodes.size() > 1 || !hosts_ranks_here(plan);
}

// One host's ranks may meet over any interface. mpirun must be told the truth about its own.
bool needs_none(const Job& job) {
  const LauncherKind launcher = job.spec.launcher;
  return (launcher == LauncherKind::ddp || launcher == LauncherKind::torchrun) &&
         hosts_together(*job.environment).size() == 1 &&
         choose_engine(job.spec, job.cluster) != Engine::mpirun;
}

// SageMaker's local mode names ethwe, which its containers do not have. Nothing: it can be used, or nothing is
// known.
std::optional<std::string> why_unusable(const Questions& ask, const std::string& interface) {
  const std::vector<NetworkInterface> interfaces = ask.interfaces();
  if (interfaces.empty()) return {};
  std::string problem = interface_problem(interfaces, interface, false);
  return problem.empty() ? std::nullopt : std::optional(std::move(problem));
}

void set_network(const Questions& ask, const std::vector<std::string>& others, const std::string& reason,
                 JobSpec& spec) {
  Network network = choose_network(ask, others);
  spec.mpi_subnet = std::move(network.subnet);
  spec.mpi_exclude = std::move(network.exclude);
  spec.sources.emplace_back("network_interface", fmt::format("{}; {}", reason, network.why));
}

}  // namespace

std::string interfaces_to_avoid(const std::vector<std::string>& addresses) {
  std::string list;
  for (const char* each :
       {"127.0.0.1/8", "172.17.0.0/16", "docker0", "virbr0", "lxdbr0", "podman0", "cni0"}) {
    // Where Docker's usual subnet is a real one, so may be the bridge.
    const bool is_docker = std::string_view(each) == "docker0" || std::string_view(each) == "172.17.0.0/16";
    if (is_docker && std::any_of(addresses.begin(), addresses.end(), [](const std::string& address) {
          return subnet_contains("172.17.0.0/16", address);
        }))
      continue;
    list += (list.empty() ? "" : ",") + std::string(each);
  }
  return list;
}

void find_network_interface(const Questions& ask, Job& job) {
  JobSpec& spec = job.spec;
  const auto say = [&](const std::string& source) { spec.sources.emplace_back("network_interface", source); };
  const std::string& named = job.environment->network_interface;
  const bool is_local_modes = !needs_none(job) && is_of_local_mode(ask, named);
  if (!job.hosts_given && !named.empty() && !is_local_modes) {
    const auto problem = needs_none(job) ? why_unusable(ask, named) : std::nullopt;
    if (problem)
      return say(
          fmt::format("none: one host needs none, and the resource config's {} {} here", named, *problem));
    spec.network_interface = named;
    return say("resource config");
  }
  const std::string& current_host = job.environment->current_host;
  std::vector<std::string> others;
  for (const Host& host : job.cluster.hosts)
    if (host.name != current_host) others.push_back(host.name);
  if (others.empty()) return;
  if (chooses_interface(spec.mpi)) return say("left to the MPI options given");
  std::string reason = "none named: this machine, which leads, is none of the hosts";
  if (job.self_started) {
    // The names of the others are ours; what is sure is where the first host is found.
    const std::string& first = job.self_started->names.front();
    std::vector<std::pair<std::string, std::string>> routes;
    const auto addresses = ask.addresses({first});
    for (const std::string& address : addresses.front()) routes.emplace_back(first, address);
    if (job.self_started->node_rank > 0) routes = ask.routes({first});
    const ChosenInterface chosen = choose_interface(ask.interfaces(), routes);
    spec.network_interface = chosen.name;
    return say(chosen.name.empty() ? chosen.why
                                   : fmt::format("{} is found there; each other host takes its own", first));
  }
  if (!current_host.empty()) {
    const std::vector<std::string> asked(
        others.begin(),
        others.begin() + static_cast<std::ptrdiff_t>(std::min(others.size(), most_hosts_asked)));
    const ChosenInterface chosen = choose_interface(ask.interfaces(), ask.routes(asked));
    spec.network_interface = chosen.name;
    reason = chosen.why;
  }
  const Engine engine = choose_engine(spec, job.cluster);
  const bool uses_mpirun = engine == Engine::mpirun || (engine == Engine::srun && spec.smoke.has_mpirun);
  if (!spec.network_interface.empty() || !uses_mpirun) return say(reason);
  set_network(ask, others, reason, spec);
}

std::string to_string(const WantedInterface& wanted) {
  if (wanted.user == InterfaceUser::nccl) return fmt::format("NCCL_SOCKET_IFNAME={}", wanted.pattern);
  const std::string name = wanted.pattern.starts_with("=") ? wanted.pattern.substr(1) : wanted.pattern;
  return wanted.user == InterfaceUser::job ? fmt::format("network interface {}", name)
                                           : fmt::format("network interface {} of {}", name, wanted.option);
}

Error interface_error(const std::string& host, const WantedInterface& wanted, const std::string& problem,
                      const std::string& usable) {
  const std::string instead =
      usable.empty() ? "no interface there can" : fmt::format("of those there, {} can", usable);
  const char* how =
      wanted.user == InterfaceUser::job
          ? "name an interface that every host has: network_interface_name in resourceconfig.json, or "
            "with given hosts --mpi-options '-mca btl_tcp_if_include NAME' and "
            "NCCL_SOCKET_IFNAME"
          : "name an interface that every host has";
  return {Fault::configuration,
          {{fmt::format("{}: {}", host, to_string(wanted)), problem + " there, so it cannot carry the job",
            fmt::format("{}; {}", how, instead)}}};
}

std::optional<Error> find_interface_errors(const std::string& host,
                                           const std::vector<WantedInterface>& wanted,
                                           const std::vector<NetworkInterface>& interfaces,
                                           bool several_hosts) {
  Error all{Fault::configuration, {}};
  for (const WantedInterface& each : wanted) {
    const std::string problem = pattern_problem(interfaces, each.pattern, several_hosts);
    if (problem.empty()) continue;
    const Error error = interface_error(host, each, problem, usable_interfaces(interfaces));
    all.problems.insert(all.problems.end(), error.problems.begin(), error.problems.end());
  }
  return all.problems.empty() ? std::nullopt : std::optional(std::move(all));
}

Result<void> check_planned_interface(const Options& options, const LaunchPlan& plan) {
  if (options.probe) {
    Error all{Fault::configuration, {}};
    for (const Host& host : plan.cluster.hosts) {
      // A saved machine may not tell.
      if (host.source != TopologySource::probed || host.machine->interfaces.empty()) continue;
      const auto error = find_interface_errors(host.name, plan.wanted_interfaces, host.machine->interfaces,
                                               spans_machines(plan));
      if (error) all.problems.insert(all.problems.end(), error->problems.begin(), error->problems.end());
    }
    if (!all.problems.empty()) return tl::unexpected(std::move(all));
    return {};
  }
  if (!hosts_ranks_here(plan) || plan.wanted_interfaces.empty()) return {};
  if (const auto error = find_interface_errors(plan.current_host, plan.wanted_interfaces, probe_interfaces(),
                                               spans_machines(plan)))
    for (const Problem& problem : error->problems) say("warning: {}", to_string(problem));
  return {};
}

Result<void> check_own_interfaces(const LaunchPlan& plan) {
  std::vector<WantedInterface> wanted = plan.wanted_interfaces;
  // Through a machine without ranks goes only what mpirun and its daemons send.
  if (!hosts_ranks_here(plan))
    std::erase_if(wanted,
                  [](const WantedInterface& each) { return each.user != InterfaceUser::mpi_daemons; });
  if (wanted.empty()) return {};
  const std::string name = plan.current_host.empty() ? probe_host_name() : plan.current_host;
  auto error = find_interface_errors(name, wanted, probe_interfaces(), spans_machines(plan));
  if (error) return tl::unexpected(std::move(*error));
  return {};
}

}  // namespace smlaunch
