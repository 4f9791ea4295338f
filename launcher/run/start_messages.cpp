// SPDX-License-Identifier: Apache-2.0
#include "launcher/run/start_messages.hpp"

#include <algorithm>

#include "launcher/contract/program_variables.hpp"
#include "launcher/plan/starter.hpp"
#include "launcher/run/agent_environment.hpp"

namespace smlaunch {

namespace {

// A rank whose leader is gone has nobody to wait for: everything is over 15 s after the loss, whatever the
// grace.
constexpr std::chrono::milliseconds longest_orphan_grace{3000};

}  // namespace

Start make_start(const LaunchPlan& plan, Rank rank, const Variables& of_host, const StartFacts& facts) {
  const RankPlace& place = plan.layout.ranks[static_cast<std::size_t>(rank.value)];
  Start start;
  // SM_*, rank identity, the rendezvous and what the job says of itself replace what the host's environment
  // has; the rest yields to it.
  const auto take = [&](const Variables& variables) {
    for (const auto& [name, value] : variables) {
      if (name == python_path_variable) continue;  // each host's own, with our folder before it
      const bool replaces = is_always_ours(name) || is_rendezvous(name) || is_said_by_job(name);
      (replaces ? start.variables : start.default_variables)[name] = value;
    }
  };
  take(plan.environment);
  take(of_host);
  take(variables_of_rank(plan, rank));
  if (sets_rank_identity(plan.launcher) && facts.master_port && !plan.master_port)
    start.variables["MASTER_PORT"] = std::to_string(*facts.master_port);
  if (plan.launcher == LauncherKind::torchrun && facts.master_port && !plan.master_port)
    start.variables["PET_MASTER_PORT"] = std::to_string(*facts.master_port);
  start.variables[job_marker_variable] = facts.job;
  if (facts.restart_count) start.variables["RESTART_COUNT"] = std::to_string(*facts.restart_count);
  start.user_variables = plan.user_variables;
  if (plan.launcher == LauncherKind::ddp || plan.launcher == LauncherKind::torchrun)
    start.removed_variables = {"OMPI_", "PMIX_", "ORTE_", "PRTE_"};
  if (plan.cluster.hosts.size() > 1) start.leader_environment = facts.leader_environment;
  start.is_starter = has_starter(plan.launcher);
  start.working_directory = plan.entry_point.working_directory.string();
  if (plan.environment.contains(python_path_variable)) start.python_path = start.working_directory;
  if (plan.entry_point.kind == EntryPointKind::command && plan.entry_point.has_interpreter_line)
    start.command_file = command_file(plan.entry_point);
  start.cpus = to_string(place.placement->cpus);
  start.numa = to_string(place.placement->numa);
  const Host& host = plan.cluster.hosts[static_cast<std::size_t>(place.node_rank)];
  if (host.source == TopologySource::assumed && !plan.machines_as_planned)
    start.own_bind = to_string(plan.bind);
  start.local_ranks = plan.layout.ranks_per_host[static_cast<std::size_t>(place.node_rank)];
  start.grace_milliseconds = static_cast<int>(std::min(facts.grace, longest_orphan_grace).count());
  start.lost_after_milliseconds = static_cast<int>(facts.lost_after.count());
  return start;
}

std::map<std::string, std::string> engine_environment(
    const LaunchPlan& plan, std::map<std::string, std::string> inherited,
    const std::map<std::string, std::string>& agent_variables) {
  if (plan.engine == Engine::mpirun) {
    for (const auto& [name, value] : plan.environment)
      if (is_always_ours(name) || is_said_by_job(name) || name == python_path_variable)
        inherited[name] = value;
      else
        inherited.try_emplace(name, value);
    for (const auto& [name, value] : plan.user_variables) inherited[name] = value;
  }
  for (const auto& [name, value] : agent_variables) inherited[name] = value;
  return inherited;
}

}  // namespace smlaunch
