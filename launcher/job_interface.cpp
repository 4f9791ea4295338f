// SPDX-License-Identifier: Apache-2.0
#include "launcher/job_interface.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "launcher/own_host.hpp"
#include "launcher/report_error.hpp"
#include "launcher/run/worker.hpp"
#include "topology/interfaces.hpp"

namespace smlaunch {

namespace {

// A few are enough to tell where the others are; each name costs a question to the name server.
constexpr std::size_t most_hosts_asked = 8;

}  // namespace

bool chooses_interface(const std::vector<std::string>& mpi_options) {
  return std::any_of(mpi_options.begin(), mpi_options.end(), [](const std::string& word) {
    return word.starts_with("btl_tcp_if_") || word.starts_with("oob_tcp_if_") || word.starts_with("prte_if_");
  });
}

void find_network_interface(bool hosts_given, Job& job) {
  JobSpec& spec = job.spec;
  const auto say = [&](const std::string& source) { spec.sources.emplace_back("network_interface", source); };
  if (!hosts_given) {
    spec.network_interface = job.environment->network_interface;
    return say("resource config");
  }
  std::vector<std::string> others;
  for (const Host& host : job.cluster.hosts)
    if (host.name != job.environment->current_host && others.size() < most_hosts_asked)
      others.push_back(host.name);
  if (others.empty()) return;
  if (job.environment->current_host.empty())
    return say("left to each host: this machine, which leads, is none of them");
  if (chooses_interface(spec.mpi_options)) return say("left to the MPI options given");
  const ChosenInterface chosen = choose_interface(probe_interfaces(), probe_routes(others));
  spec.network_interface = chosen.name;
  say(chosen.why);
}

Error interface_error(const std::string& host, const std::string& interface, const std::string& problem,
                      const std::string& usable) {
  const std::string instead =
      usable.empty() ? "no interface there can" : fmt::format("of those there, {} can", usable);
  return {Fault::configuration,
          {{fmt::format("{}: network interface {}", host, interface),
            problem + " there, so it cannot carry the job",
            fmt::format("name one that every host has: network_interface_name in resourceconfig.json, or "
                        "with given hosts "
                        "--mpi-options '-mca btl_tcp_if_include NAME' and NCCL_SOCKET_IFNAME; {}",
                        instead)}}};
}

std::optional<std::pair<std::string, std::string>> find_interface_answer(std::string_view answer) {
  const std::string_view begin = interface_answer;
  for (std::size_t at = 0; at < answer.size();) {
    const std::size_t end = std::min(answer.find('\n', at), answer.size());
    const std::string_view line = answer.substr(at, end - at);
    at = end + 1;
    if (line.substr(0, begin.size()) != begin) continue;
    const std::string_view rest = line.substr(begin.size());
    const std::size_t bar = std::min(rest.find('|'), rest.size());
    return std::pair{std::string(rest.substr(0, bar)),
                     std::string(rest.substr(std::min(bar + 1, rest.size())))};
  }
  return {};
}

Result<void> check_planned_interface(const Options& options, const LaunchPlan& plan) {
  if (plan.engine != Engine::mpirun || plan.network_interface.empty()) return {};
  if (options.probe) {
    Error all{Fault::configuration, {}};
    for (const Host& host : plan.cluster.hosts) {
      // A saved machine may not tell.
      if (host.source != TopologySource::probed || host.machine->interfaces.empty()) continue;
      const std::string problem = interface_problem(host.machine->interfaces, plan.network_interface);
      if (problem.empty()) continue;
      const Error error = interface_error(host.name, plan.network_interface, problem,
                                          usable_interfaces(host.machine->interfaces));
      all.problems.insert(all.problems.end(), error.problems.begin(), error.problems.end());
    }
    if (!all.problems.empty()) return tl::unexpected(std::move(all));
    return {};
  }
  const auto& hosts = plan.cluster.hosts;
  const bool is_here = std::any_of(hosts.begin(), hosts.end(),
                                   [&](const Host& host) { return host.name == plan.current_host; });
  if (!is_here) return {};
  const auto interfaces = probe_interfaces();
  const std::string problem = interface_problem(interfaces, plan.network_interface);
  if (problem.empty()) return {};
  const Error error =
      interface_error(plan.current_host, plan.network_interface, problem, usable_interfaces(interfaces));
  fmt::print(stderr, "smlaunch: warning: {}\n", to_string(error.problems.front()));
  return {};
}

}  // namespace smlaunch
