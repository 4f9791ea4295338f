// SPDX-License-Identifier: Apache-2.0
#include "launcher/plan/agents_command.hpp"

#include "launcher/plan/starter.hpp"
#include "launcher/scheduler/srun_command.hpp"

namespace smlaunch {

namespace {

// One agent for each rank, or for each host where its ranks have a starter.
std::vector<std::pair<std::string, int>> hosts_with_agents(const LaunchPlan& plan) {
  std::vector<std::pair<std::string, int>> hosts;
  for (const NodeRank host : plan.cluster.hosts.indices())
    if (const int ranks = plan.layout.ranks_per_host[host]; ranks > 0)
      hosts.emplace_back(plan.cluster.hosts[host].name, has_starter(plan.launcher) ? 1 : ranks);
  return hosts;
}

}  // namespace

std::vector<std::string> agents_command(const JobSpec& spec, const LaunchPlan& plan) {
  std::vector<std::string> command;
  if (plan.engine == Engine::srun) command = make_agents_step(hosts_with_agents(plan));
  command.insert(command.end(), {spec.smlaunch, "rank", "--"});
  command.insert(command.end(), plan.process_command.begin(), plan.process_command.end());
  return command;
}

}  // namespace smlaunch
