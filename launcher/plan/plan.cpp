// SPDX-License-Identifier: Apache-2.0
#include "launcher/plan/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "launcher/contract/framework_module.hpp"
#include "launcher/plan/launcher_variables.hpp"
#include "launcher/plan/mpirun_plan.hpp"
#include "launcher/plan/starter.hpp"
#include "topology/odd_hosts.hpp"
#include "topology/rank_threads.hpp"

namespace smlaunch {

namespace {

// The toolkit's: every host of such a job starts torchrun itself, and all must agree.
constexpr int toolkit_master_port = 7777;

bool too_long(const std::string& name, const std::string& value) {
  return name.size() + 1 + value.size() > longest_variable;
}

// Hosts of one kind share their placements, so one of them is looked at.
std::map<const Placement*, int> find_threads(const LaunchPlan& plan) {
  std::map<const Placement*, int> threads;
  for (std::size_t first = 0; first < plan.layout.ranks.size();) {
    const RankPlace& place = plan.layout.ranks[first];
    const auto host = static_cast<std::size_t>(place.node_rank);
    const auto end = first + static_cast<std::size_t>(plan.layout.ranks_per_host[host]);
    if (!threads.contains(place.placement.get())) {
      std::vector<std::shared_ptr<const Placement>> places;
      for (std::size_t rank = first; rank < end; ++rank) places.push_back(plan.layout.ranks[rank].placement);
      const std::vector<int> numbers = threads_of_ranks(*plan.cluster.hosts[host].machine, places);
      for (std::size_t i = 0; i < places.size(); ++i) threads.emplace(places[i].get(), numbers[i]);
    }
    first = end;
  }
  return threads;
}

Variables make_common_variables(const JobSpec& spec, const LaunchPlan& plan, const Variables& inherited) {
  Variables result = sm_variables(*spec.environment);
  // The plan's only host may be another machine than the one whose environment was read.
  if (plan.cluster.hosts.size() == 1) {
    const Environment& job = *spec.environment;
    const Host& host = plan.cluster.hosts.front();
    const int gpus = host.machine->usable_gpus();
    const int cpus = host.machine->processing_units;
    if (host.name != job.current_host || gpus != job.num_gpus || cpus != job.num_cpus)
      for (auto& [name, value] : plan.host_variables->all(host.name, gpus, cpus)) result[name] = value;
  }
  if (sets_rank_identity(plan.launcher)) {
    result["WORLD_SIZE"] = std::to_string(plan.world_size());
    result["MASTER_ADDR"] = plan.engine == Engine::local ? "127.0.0.1" : plan.cluster.hosts.front().name;
    if (plan.cluster.hosts.size() == 1) result["MASTER_ADDR"] = "127.0.0.1";
    if (plan.master_port) result["MASTER_PORT"] = std::to_string(*plan.master_port);
  }
  Variables of_launcher = efa_variables(plan.launcher, plan.cluster);
  if (plan.launcher == LauncherKind::smddp) of_launcher.merge(smddp_variables(plan.cluster));
  for (auto& [name, value] : of_launcher)
    if (!inherited.contains(name)) result[name] = value;
  for (auto& [name, value] : framework_variables(*spec.environment, plan.launcher))
    if (!inherited.contains(name) && !value.empty()) result.try_emplace(name, value);
  if (has_starter(plan.launcher)) {
    for (auto& [name, value] : starter_variables(spec, plan))
      if (is_rendezvous(name) || !inherited.contains(name)) result[name] = value;
  }
  if (plan.launcher != LauncherKind::process && !spec.network_interface.empty() &&
      !inherited.contains("NCCL_SOCKET_IFNAME"))
    result["NCCL_SOCKET_IFNAME"] = spec.network_interface;
  // Our pipes, unlike mpirun's terminals, make Python hold its lines back until a block is full.
  if (plan.entry_point.kind != EntryPointKind::command && !inherited.contains("PYTHONUNBUFFERED"))
    result["PYTHONUNBUFFERED"] = "1";
  if (spec.watches_for_hangs && plan.entry_point.kind != EntryPointKind::command &&
      !inherited.contains("PYTHONFAULTHANDLER"))
    result["PYTHONFAULTHANDLER"] = "1";
  if (plan.launcher == LauncherKind::mpi || plan.launcher == LauncherKind::smddp) {
    for (const auto& [name, value] : {std::pair{"NCCL_MIN_NRINGS", "4"}, std::pair{"NCCL_DEBUG", "INFO"}})
      if (!inherited.contains(name)) result[name] = value;
  }
  return result;
}

Result<void> check_arguments(const std::vector<std::string>& command) {
  for (std::size_t i = 0; i < command.size(); ++i) {
    if (command[i].size() <= longest_variable) continue;
    const std::string after = i == 0 ? "" : fmt::format(" (after {})", command[i - 1].substr(0, 60));
    return failure(
        Fault::configuration, fmt::format("argument {}{}", i, after),
        fmt::format("is {} bytes long, Linux passes at most {}", command[i].size(), longest_variable),
        "hand it over in a file or channel instead of a hyperparameter");
  }
  return {};
}

}  // namespace

std::string to_string(Engine engine) {
  switch (engine) {
    case Engine::local: return "local";
    case Engine::mpirun: return "mpirun";
    case Engine::torchrun: return "torchrun";
  }
  return "local";
}

int cuda_index(const Machine& machine, int gpu) {
  return static_cast<int>(std::count_if(machine.gpus.begin(), machine.gpus.begin() + gpu,
                                        [](const Gpu& before) { return before.usable; }));
}

bool sets_rank_identity(LauncherKind launcher) {
  return launcher == LauncherKind::mpi || launcher == LauncherKind::ddp || launcher == LauncherKind::smddp;
}

Engine choose_engine(LauncherKind launcher, const Cluster& cluster, const std::string& current_host) {
  switch (launcher) {
    case LauncherKind::mpi:
    case LauncherKind::smddp: return Engine::mpirun;
    case LauncherKind::ddp: {
      const bool only_here = cluster.hosts.size() == 1 && cluster.hosts.front().name == current_host;
      return only_here ? Engine::local : Engine::mpirun;
    }
    case LauncherKind::torchrun:
    case LauncherKind::xla: {
      const bool only_here = cluster.hosts.size() == 1 && cluster.hosts.front().name == current_host;
      if (!only_here) return Engine::mpirun;
      return launcher == LauncherKind::torchrun ? Engine::torchrun : Engine::local;
    }
    case LauncherKind::process: return Engine::local;
  }
  return Engine::local;
}

Result<LaunchPlan> make_plan(const JobSpec& spec, const Cluster& cluster) {
  const Environment& job = *spec.environment;
  LaunchPlan plan;
  plan.job = spec.environment;
  plan.host_variables = std::make_shared<const HostVariables>(job);
  plan.launcher = spec.launcher;
  plan.leader = job.leader;
  plan.current_host = job.current_host;
  plan.network_interface = spec.network_interface;
  plan.master_port = spec.master_port;
  plan.entry_point = job.entry_point;
  plan.cluster = cluster;
  plan.spare_hosts = spec.spare_hosts;
  // The one process of a host may use all its GPUs, so it is not bound near the first.
  const bool has_host_to_itself =
      spec.launcher == LauncherKind::process && spec.bind == BindPolicy::automatic;
  plan.bind = has_starter(spec.launcher) ? BindPolicy::none
              : has_host_to_itself       ? BindPolicy::core
                                         : spec.bind;
  plan.machines_as_planned = spec.machines_as_planned;
  plan.sources = spec.sources;
  plan.engine = choose_engine(spec.launcher, cluster, job.current_host);
  for (const Problem& warning : job.warnings)
    plan.warnings.push_back(fmt::format("{}: {}", warning.where, warning.what));

  LayoutRequest request{spec.world_size, plan.bind};
  if (has_starter(spec.launcher))
    request.why_none = fmt::format("not bound, because {} starts the ranks", to_string(spec.launcher));
  auto layout = place(cluster, request);
  if (!layout) return tl::unexpected(layout.error());
  plan.layout = std::move(*layout);
  plan.warnings.insert(plan.warnings.end(), plan.layout.warnings.begin(), plan.layout.warnings.end());
  for (std::string& sentence : cluster_warnings(cluster)) plan.warnings.push_back(std::move(sentence));
  for (std::string& sentence : find_odd_hosts(cluster)) plan.warnings.push_back(std::move(sentence));

  plan.job_world_size = plan.world_size();
  if (spec.nodes.size() > 1) {
    plan.nodes = spec.nodes;
    const auto own = std::find(spec.nodes.begin(), spec.nodes.end(), cluster.hosts.front().name);
    plan.first_node_rank = static_cast<int>(own - spec.nodes.begin());
    plan.first_rank = plan.first_node_rank * plan.world_size();
    plan.job_world_size = static_cast<int>(spec.nodes.size()) * plan.world_size();
  }
  if (must_agree_on_port(plan) && !plan.master_port) plan.master_port = toolkit_master_port;

  plan.process_command = process_command(job.entry_point, spec.python, spec.mpi4py);
  // AWS's wrapper of SMDDP, where its images have it.
  if (spec.launcher == LauncherKind::smddp && job.smddprun_installed)
    plan.process_command.insert(plan.process_command.begin(), "smddprun");
  std::vector<std::string> starter;
  if (has_starter(spec.launcher)) {
    auto made = starter_command(spec, plan);
    if (!made) return tl::unexpected(made.error());
    starter = std::move(*made);
    plan.of_hosts = starter_host_variables(spec, plan);
    if (plan.engine == Engine::mpirun) plan.process_command = starter;
    plan.sources.emplace_back("bind", fmt::format("none: {} starts the ranks", to_string(spec.launcher)));
  }
  if (auto checked = check_arguments(plan.process_command); !checked) return tl::unexpected(checked.error());

  plan.environment = make_common_variables(spec, plan, spec.inherited);
  if (cluster.hosts.size() > 1) {
    plan.defaults_elsewhere = make_common_variables(spec, plan, {});
    for (const auto& [name, value] : plan.environment) plan.defaults_elsewhere.erase(name);
  }
  for (auto variable = plan.environment.begin(); variable != plan.environment.end();) {
    if (!too_long(variable->first, variable->second)) {
      ++variable;
      continue;
    }
    plan.long_variables.push_back(variable->first);
    plan.warnings.push_back(fmt::format(
        "{} is {} bytes long, more than Linux passes in a variable: it is not set, ranks find it in {}",
        variable->first, variable->second.size(), (job.paths.own / "env" / variable->first).string()));
    variable = plan.environment.erase(variable);
  }

  // What each host has for itself is not common; agents are given it by name.
  if (cluster.hosts.size() > 1)
    for (const auto& [name, value] : variables_of_host(plan, 0)) plan.environment.erase(name);

  plan.smoke_reason = plan.job_world_size == 1                 ? "one rank has nobody to talk to"
                      : plan.launcher == LauncherKind::process ? "launcher process"
                                                               : "this version has no all-reduce test";
  if (plan.engine == Engine::mpirun) {
    auto unbound = add_mpirun_command(spec, plan);
    if (!unbound) return tl::unexpected(unbound.error());
    if (!unbound->empty()) {
      plan.bind = BindPolicy::none;
      auto again = place(cluster, LayoutRequest{spec.world_size, BindPolicy::none, *unbound});
      if (!again) return tl::unexpected(again.error());
      plan.layout = std::move(*again);
    }
  } else if (has_starter(plan.launcher)) {
    plan.command = std::move(starter);
  } else {
    plan.command = {spec.smlaunch, "rank", "--"};
    plan.command.insert(plan.command.end(), plan.process_command.begin(), plan.process_command.end());
  }
  plan.has_own_threads = spec.inherited.contains("OMP_NUM_THREADS");
  if (plan.launcher != LauncherKind::process && (!plan.has_own_threads || cluster.hosts.size() > 1))
    plan.threads = find_threads(plan);
  return plan;
}

Variables common_variables(const LaunchPlan& plan) {
  Variables all = plan.environment;
  for (const auto& [name, value] : plan.user_variables) all[name] = value;
  return all;
}

Variables variables_of_host(const LaunchPlan& plan, int node_rank,
                            const std::optional<std::pair<int, int>>& found) {
  if (plan.cluster.hosts.size() == 1) return {};
  // Where those that name every host are too long for any variable, they need not be made.
  const auto& too_long_names = plan.long_variables;
  const bool only_brief =
      std::all_of(HostVariables::long_names.begin(), HostVariables::long_names.end(), [&](auto name) {
        return std::find(too_long_names.begin(), too_long_names.end(), name) != too_long_names.end();
      });
  if (only_brief) return brief_variables_of_host(plan, node_rank);
  const Host& host = plan.cluster.hosts[static_cast<std::size_t>(node_rank)];
  const int gpus = found ? found->first : host.machine->usable_gpus();
  const int cpus = found ? found->second : host.machine->processing_units;
  Variables own = plan.host_variables->all(host.name, gpus, cpus);
  for (const std::string& name : plan.long_variables) own.erase(name);
  return own;
}

Variables brief_variables_of_host(const LaunchPlan& plan, int node_rank) {
  if (plan.cluster.hosts.size() == 1) return {};
  const Host& host = plan.cluster.hosts[static_cast<std::size_t>(node_rank)];
  return plan.host_variables->brief(host.name, host.machine->usable_gpus(), host.machine->processing_units);
}

Variables variables_of_rank(const LaunchPlan& plan, Rank rank) {
  const RankPlace& place = plan.layout.ranks[static_cast<std::size_t>(rank.value)];
  Variables own;
  if (sets_rank_identity(plan.launcher)) {
    const int local_ranks = plan.layout.ranks_per_host[static_cast<std::size_t>(place.node_rank)];
    own["RANK"] = std::to_string(rank.value);
    own["LOCAL_RANK"] = std::to_string(place.local_rank.value);
    own["LOCAL_WORLD_SIZE"] = std::to_string(local_ranks);
    own["NODE_RANK"] = std::to_string(place.node_rank);
    own["GROUP_RANK"] = std::to_string(place.node_rank);
  }
  if (!plan.of_hosts.empty()) {
    const Variables& of_host = plan.of_hosts[static_cast<std::size_t>(place.node_rank)];
    own.insert(of_host.begin(), of_host.end());
  }
  const bool is_here =
      plan.cluster.hosts[static_cast<std::size_t>(place.node_rank)].name == plan.current_host;
  if (const auto threads = plan.threads.find(place.placement.get());
      threads != plan.threads.end() && !(plan.has_own_threads && is_here))
    own["OMP_NUM_THREADS"] = std::to_string(threads->second);
  return own;
}

}  // namespace smlaunch
