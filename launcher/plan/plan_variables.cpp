// SPDX-License-Identifier: Apache-2.0
#include "launcher/plan/plan_variables.hpp"

#include <algorithm>
#include <utility>

#include "launcher/contract/framework_module.hpp"
#include "launcher/contract/program_variables.hpp"
#include "launcher/plan/launcher_variables.hpp"
#include "launcher/plan/starter.hpp"

namespace smlaunch {

namespace {

int count_cpus(const Host& host) { return host.machine->counted_cpus(); }

}  // namespace

Variables make_common_variables(const JobSpec& spec, const LaunchPlan& plan, const Variables& inherited) {
  Variables result = sm_variables(*spec.environment);
  result.merge(program_variables(*spec.environment, inherited));
  // The plan's only host may be another machine than the one whose environment was read.
  if (plan.cluster.hosts.size() == 1) {
    const Environment& job = *spec.environment;
    const Host& host = plan.cluster.hosts.front();
    const int gpus = host.machine->usable_gpus();
    const int cpus = count_cpus(host);
    result[current_host_variable] = host.name;
    if (host.name != job.current_host || gpus != job.num_gpus || cpus != job.num_cpus)
      for (auto& [name, value] : plan.host_variables->all(host.name, gpus, cpus)) result[name] = value;
  }
  if (sets_rank_identity(plan.launcher)) {
    result["WORLD_SIZE"] = std::to_string(plan.world_size());
    result["MASTER_ADDR"] = plan.engine == Engine::local ? "127.0.0.1" : plan.cluster.hosts.front().name;
    if (plan.cluster.hosts.size() == 1) result["MASTER_ADDR"] = "127.0.0.1";
    if (plan.master_port) result["MASTER_PORT"] = std::to_string(*plan.master_port);
  }
  Variables of_launcher = launcher_variables(*spec.environment, plan.launcher, plan.cluster);
  of_launcher.merge(model_parallel_variables(*spec.environment, plan.launcher, spec.inherited));
  for (auto& [name, value] : of_launcher)
    if (!inherited.contains(name)) result[name] = value;
  Variables of_module = framework_variables(*spec.environment, plan.launcher, plan.master_port, inherited);
  if (plan.cluster.hosts.size() == 1)
    of_module.merge(framework_variables_of(*spec.environment, plan.cluster.hosts.front().name));
  for (auto& [name, value] : of_module)
    if ((is_rendezvous(name) || !inherited.contains(name)) && !value.empty()) result.try_emplace(name, value);
  if (has_starter(plan.launcher)) {
    for (auto& [name, value] : starter_variables(spec, plan))
      if (is_rendezvous(name) || !inherited.contains(name)) result[name] = value;
  }
  // Gloo, left alone, offers what the host's own name leads to: loopback, where an installer has written
  // 127.0.1.1 beside it.
  if (plan.launcher != LauncherKind::process && !spec.network_interface.empty())
    for (const char* name : {"NCCL_SOCKET_IFNAME", "GLOO_SOCKET_IFNAME"})
      if (!inherited.contains(name)) result[name] = spec.network_interface;
  // Our pipes, unlike mpirun's terminals, make Python hold its lines back until a block is full.
  if (plan.entry_point.kind != EntryPointKind::command && !inherited.contains("PYTHONUNBUFFERED"))
    result["PYTHONUNBUFFERED"] = "1";
  if (spec.watches_for_hangs && plan.entry_point.kind != EntryPointKind::command &&
      !inherited.contains("PYTHONFAULTHANDLER"))
    result["PYTHONFAULTHANDLER"] = "1";
  if (!spec.told_base_dir.empty()) result["SAGEMAKER_BASE_DIR"] = spec.told_base_dir;
  return result;
}

Variables common_variables(const LaunchPlan& plan) {
  Variables all = plan.environment;
  for (const auto& [name, value] : plan.user_variables) all[name] = value;
  return all;
}

Variables variables_of_host(const LaunchPlan& plan, NodeRank node_rank,
                            const std::optional<std::pair<int, int>>& found) {
  if (plan.cluster.hosts.size() == 1) return {};
  // Where those that name every host are too long for any variable, they need not be made.
  const auto& too_long_names = plan.long_variables;
  const bool only_brief =
      std::all_of(HostVariables::long_names.begin(), HostVariables::long_names.end(), [&](auto name) {
        return std::find(too_long_names.begin(), too_long_names.end(), name) != too_long_names.end();
      });
  const Host& host = plan.cluster.hosts[node_rank];
  const int gpus = found ? found->first : host.machine->usable_gpus();
  const int cpus = found ? found->second : count_cpus(host);
  Variables own = only_brief ? plan.host_variables->brief(host.name, gpus, cpus)
                             : plan.host_variables->all(host.name, gpus, cpus);
  own[current_host_variable] = host.name;
  own.merge(framework_variables_of(*plan.job, host.name));
  std::erase_if(own, [&](const auto& variable) { return is_too_long(variable.first, variable.second); });
  for (const std::string& name : plan.long_variables) own.erase(name);
  return own;
}

Variables brief_variables_of_host(const LaunchPlan& plan, NodeRank node_rank) {
  if (plan.cluster.hosts.size() == 1) return {};
  const Host& host = plan.cluster.hosts[node_rank];
  Variables own = plan.host_variables->brief(host.name, host.machine->usable_gpus(), count_cpus(host));
  own[current_host_variable] = host.name;
  return own;
}

Variables variables_of_rank(const LaunchPlan& plan, Rank rank) {
  const RankPlace& place = plan.layout.ranks[rank];
  Variables own;
  if (sets_rank_identity(plan.launcher)) {
    const int local_ranks = plan.layout.ranks_per_host[place.node_rank];
    own["RANK"] = std::to_string(rank.value);
    own["LOCAL_RANK"] = std::to_string(place.local_rank.value);
    own["LOCAL_WORLD_SIZE"] = std::to_string(local_ranks);
    own["NODE_RANK"] = std::to_string(place.node_rank.value);
    own["GROUP_RANK"] = std::to_string(place.node_rank.value);
  }
  if (!plan.of_hosts.empty()) {
    const Variables& of_host = plan.of_hosts[place.node_rank];
    own.insert(of_host.begin(), of_host.end());
  }
  const bool is_here = plan.cluster.hosts[place.node_rank].name == plan.current_host;
  if (const auto threads = plan.threads.find(place.placement.get());
      threads != plan.threads.end() && !(plan.has_own_threads && is_here))
    own["OMP_NUM_THREADS"] = std::to_string(threads->second);
  return own;
}

}  // namespace smlaunch
