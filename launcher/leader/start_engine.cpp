// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/start_engine.hpp"

#include <fmt/format.h>

#include <utility>

#include "launcher/channel/set_token.hpp"
#include "launcher/leader/start_messages.hpp"
#include "launcher/process/agent_variables.hpp"
#include "launcher/process/descendants.hpp"
#include "launcher/process/hidden_arguments.hpp"
#include "launcher/scheduler/srun_command.hpp"

namespace smlaunch {

namespace {

Result<void> start_process(JobEngine& engine, const LaunchPlan& plan, const std::string& ssh_folder,
                           const std::map<std::string, std::string>& environment, Rank rank) {
  // By a second SIGTERM within five seconds, mpirun ends at once and leaves its files behind.
  const DeathSignal death_comes =
      plan.engine == Engine::mpirun ? DeathSignal::once : DeathSignal::for_each_thread;
  auto started = engine.start(engine_command(plan, ssh_folder), environment, rank, death_comes);
  if (started) return {};
  return failure(
      Fault::start, to_string(plan.engine), started.error().text,
      plan.engine == Engine::mpirun ? "install Open MPI (Debian: openmpi-bin), or put it on PATH" : "");
}

// Their smlaunches start them.
void start_on_other_hosts(JobEngine& engine, const LaunchPlan& plan, const AgentFacts& facts) {
  const auto ranks_of_host = ranks_of_hosts(plan.layout);
  for (const NodeRank host : ranks_of_host.indices()) {
    if (plan.cluster.hosts[host].name == plan.current_host || ranks_of_host[host].empty()) continue;
    StartAgents agents;
    agents.job = facts.job;
    agents.token = token_of_set(facts);
    agents.leader_host = facts.leader_host;
    agents.working_directory = plan.entry_point.working_directory.string();
    HiddenArguments hidden = hide_arguments(plan.process_command, plan.secret_arguments);
    agents.program = std::move(hidden.argv);
    agents.secrets = std::move(hidden.told);
    agents.names_interface = plan.launcher != LauncherKind::process;
    agents.has_relay = plan.has_relays;
    for (const Rank rank : ranks_of_host[host]) agents.ranks.push_back(rank.value);
    engine.start_on(host, agents);
  }
}

}  // namespace

std::string token_of_set(const AgentFacts& facts) { return make_set_token(facts.token, facts.set); }

Result<void> start_engine(JobEngine& engine, const LaunchPlan& plan, const AgentFacts& facts,
                          const std::string& ssh_folder) {
  std::map<std::string, std::string> agent = {
      {agent_channel_variable, facts.channel},
      {agent_token_variable, token_of_set(facts)},
      {agent_set_variable, facts.set},
      {job_marker_variable, facts.job},
      {agent_worker_variable, facts.worker},
      {agent_host_variable, facts.leader_host},
      {agent_directory_variable, plan.entry_point.working_directory.string()}};
  if (plan.engine != Engine::mpirun || !is_too_long_for_mpirun(plan.process_command))
    if (const auto hidden = hide_arguments(plan.process_command, plan.secret_arguments); !hidden.told.empty())
      agent[agent_secrets_variable] = hidden.told;
  agent[agent_relay_variable] = plan.has_relays ? relay_on : relay_off;
  const bool has_other_hosts = plan.engine == Engine::srun && plan.cluster.hosts.size() > 1;
  if (plan.engine == Engine::hosts || has_other_hosts) agent[agent_several_hosts_variable] = "1";
  if (plan.engine == Engine::srun) agent[agent_srun_variable] = "1";
  const Variables inherited = own_environment();
  if (plan.engine == Engine::mpirun && !ssh_folder.empty()) {
    agent[agent_connections_variable] = ssh_folder;
    if (const auto path = inherited.find("PATH"); path != inherited.end())
      agent[agent_path_variable] = path->second;
  }
  const auto environment = engine_environment(plan, inherited, agent);
  if (is_one_process(plan.engine)) return start_process(engine, plan, ssh_folder, environment, Rank{0});
  for (const RankPlace& place : plan.layout.ranks) {
    if (plan.engine == Engine::hosts && plan.cluster.hosts[place.node_rank].name != plan.current_host)
      continue;
    auto own = environment;
    own[agent_rank_variable] = std::to_string(place.rank.value);
    own[agent_local_rank_variable] = std::to_string(place.local_rank.value);
    if (auto started = start_process(engine, plan, ssh_folder, own, place.rank); !started) {
      end_descendants(std::chrono::milliseconds(0));
      return started;
    }
  }
  if (plan.engine == Engine::hosts) start_on_other_hosts(engine, plan, facts);
  return {};
}

std::optional<TaggedLine> find_rank_of_line(Engine engine, std::string_view line) {
  return engine == Engine::srun ? parse_labelled_line(line) : parse_tagged_line(line);
}

std::string name_line_of_engine(const std::string& engine, std::string_view line) {
  return line.starts_with(engine + ": ") ? std::string(line) : fmt::format("{}: {}", engine, line);
}

}  // namespace smlaunch
