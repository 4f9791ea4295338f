// SPDX-License-Identifier: Apache-2.0
#include "launcher/plan/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "launcher/contract/framework_module.hpp"
#include "launcher/contract/program_variables.hpp"
#include "launcher/contract/result_files.hpp"
#include "launcher/plan/agents_command.hpp"
#include "launcher/plan/mpirun_plan.hpp"
#include "launcher/plan/plan_variables.hpp"
#include "launcher/plan/redaction.hpp"
#include "launcher/plan/smoke_plan.hpp"
#include "launcher/plan/starter.hpp"
#include "launcher/process/agent_variables.hpp"
#include "launcher/scheduler/srun_command.hpp"
#include "topology/odd_hosts.hpp"
#include "topology/rank_threads.hpp"

namespace smlaunch {

namespace {

constexpr int toolkit_master_port = 7777;

// Hosts of one kind share their placements, so one of them is looked at.
std::map<const Placement*, int> find_threads(const LaunchPlan& plan) {
  std::map<const Placement*, int> threads;
  const auto ranks_of_host = ranks_of_hosts(plan.layout);
  for (const NodeRank host : ranks_of_host.indices()) {
    std::vector<std::shared_ptr<const Placement>> places;
    for (const Rank rank : ranks_of_host[host]) places.push_back(plan.layout.ranks[rank].placement);
    if (places.empty() || threads.contains(places.front().get())) continue;
    const std::vector<int> numbers = threads_of_ranks(*plan.cluster.hosts[host].machine, places);
    for (std::size_t i = 0; i < places.size(); ++i) threads.emplace(places[i].get(), numbers[i]);
  }
  return threads;
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
    case Engine::srun: return "srun";
    case Engine::torchrun: return "torchrun";
    case Engine::hosts: return "hosts";
  }
  return "local";
}

int cuda_index(const Machine& machine, GpuIndex gpu) {
  return static_cast<int>(std::count_if(machine.gpus.begin(), machine.gpus.begin() + gpu.value,
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

Engine choose_engine(const JobSpec& spec, const Cluster& cluster) {
  if (spec.self_started) return Engine::hosts;
  const Engine engine = choose_engine(spec.launcher, cluster, spec.environment->current_host);
  const bool speaks_mpi = spec.launcher == LauncherKind::mpi || spec.launcher == LauncherKind::smddp;
  return spec.by_slurm && engine == Engine::mpirun && !speaks_mpi ? Engine::srun : engine;
}

bool reaches_hosts(Engine engine) { return is_one_process(engine) || engine == Engine::hosts; }

bool is_one_process(Engine engine) { return engine == Engine::mpirun || engine == Engine::srun; }

std::optional<std::string> why_toolkits_port(const JobSpec& spec, const Cluster& cluster) {
  if (spec.launcher == LauncherKind::torchrun && spec.nodes.size() > 1)
    return "every host starts torchrun itself, and all must agree";
  const Environment& job = *spec.environment;
  if (sets_master_port(job.native_framework, spec.launcher) && job.hosts.size() > 1 &&
      !reaches_hosts(choose_engine(spec, cluster)))
    return "as AWS's PyTorch module has it: every host starts the program itself, and all must agree";
  return {};
}

bool wants_relays(const Layout& layout, const Variables& inherited) {
  const bool has_neighbours = std::any_of(layout.ranks_per_host.begin(), layout.ranks_per_host.end(),
                                          [](int ranks) { return ranks > 1; });
  const auto told = inherited.find(agent_relay_variable);
  const std::string word = told == inherited.end() ? "" : told->second;
  if (!has_neighbours || word == relay_off) return false;
  return word == relay_on || static_cast<int>(layout.ranks.size()) >= fewest_agents_with_relays;
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
  const bool is_unknown = has_starter(spec.launcher) && !knows_ranks_of_starter(spec);
  plan.bind = is_unknown ? BindPolicy::none : has_host_to_itself ? BindPolicy::core : spec.bind;
  plan.machines_as_planned = spec.machines_as_planned;
  plan.machines_chosen = spec.machines_chosen;
  plan.sources = spec.sources;
  plan.engine = choose_engine(spec, cluster);
  for (const Problem& warning : job.warnings)
    plan.warnings.push_back(fmt::format("{}: {}", warning.where, warning.what));

  plan.warnings.insert(plan.warnings.end(), spec.warnings.begin(), spec.warnings.end());

  LayoutRequest request{spec.world_size, plan.bind};
  if (is_unknown)
    request.why_none = fmt::format("not bound, because {} starts the ranks", to_string(spec.launcher));
  if (plan.engine == Engine::mpirun && !has_starter(spec.launcher)) {
    request.counting = spec.mpi.counting;
    request.numbering = spec.mpi.numbering;
  }
  auto layout = place(cluster, request);
  if (!layout) return tl::unexpected(layout.error());
  plan.layout = std::move(*layout);
  plan.has_relays = wants_relays(plan.layout, spec.inherited);
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
  if (!plan.master_port && why_toolkits_port(spec, cluster)) plan.master_port = toolkit_master_port;

  plan.process_command = process_command(plan.entry_point, spec.python, spec.mpi4py);
  // AWS's wrapper of SMDDP, where its images have it.
  if (spec.launcher == LauncherKind::smddp && job.smddprun_installed)
    plan.process_command.insert(plan.process_command.begin(), "smddprun");
  std::vector<std::string> starter;
  if (has_starter(spec.launcher)) {
    auto made = starter_command(spec, plan);
    if (!made) return tl::unexpected(made.error());
    starter = std::move(*made);
    plan.of_hosts = starter_host_variables(spec, plan);
    if (reaches_hosts(plan.engine)) plan.process_command = starter;
    if (is_unknown)
      plan.sources.emplace_back("bind", fmt::format("none: {} starts the ranks", to_string(spec.launcher)));
  }
  if (auto checked = check_arguments(plan.process_command); !checked) return tl::unexpected(checked.error());

  plan.environment = make_common_variables(spec, plan, spec.inherited);
  if (plan.engine == Engine::srun)
    for (const std::string& name : options_for_programs())
      if (const auto found = spec.inherited.find(name); found != spec.inherited.end())
        plan.environment.insert(*found);
  if (cluster.hosts.size() > 1) {
    plan.defaults_elsewhere = make_common_variables(spec, plan, {});
    for (const auto& [name, value] : plan.environment) plan.defaults_elsewhere.erase(name);
  }
  for (auto variable = plan.environment.begin(); variable != plan.environment.end();) {
    if (!is_too_long(variable->first, variable->second)) {
      ++variable;
      continue;
    }
    plan.long_variables.push_back(variable->first);
    plan.warnings.push_back(fmt::format(
        "{} is {} bytes long, more than Linux passes in a variable: it is not set, ranks find it in {}",
        variable->first, variable->second.size(), long_variable_file(job.paths, variable->first).string()));
    variable = plan.environment.erase(variable);
  }

  // What each host has for itself is not common; agents are given it by name.
  if (cluster.hosts.size() > 1)
    for (const auto& [name, value] : variables_of_host(plan, NodeRank{0})) plan.environment.erase(name);

  plan.secret_arguments = find_secret_arguments(common_variables(plan), plan.process_command);
  if (plan.engine == Engine::mpirun) {
    auto unbound = add_mpirun_command(spec, plan);
    if (!unbound) return tl::unexpected(unbound.error());
    if (!unbound->empty()) {
      plan.bind = BindPolicy::none;
      request.bind = BindPolicy::none;
      request.why_none = *unbound;
      auto again = place(cluster, request);
      if (!again) return tl::unexpected(again.error());
      plan.layout = std::move(*again);
    }
  } else {
    if (auto taken = take_options_without_mpirun(spec, plan); !taken) return tl::unexpected(taken.error());
    const bool is_starter_alone = has_starter(plan.launcher) && !reaches_hosts(plan.engine);
    plan.command = is_starter_alone ? std::move(starter) : agents_command(spec, plan);
  }
  if (plan.engine != Engine::mpirun && plan.launcher != LauncherKind::process)
    plan.wanted_interfaces =
        find_wanted_interfaces(spec, plan.engine, plan.nodes.size() > 1 || reaches_hosts(plan.engine));
  plan.has_own_threads = spec.inherited.contains("OMP_NUM_THREADS");
  if (plan.launcher != LauncherKind::process && (!plan.has_own_threads || cluster.hosts.size() > 1))
    plan.threads = find_threads(plan);
  if (auto added = add_smoke_plan(spec, plan); !added) return tl::unexpected(added.error());
  return plan;
}

}  // namespace smlaunch
