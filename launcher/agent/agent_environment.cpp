// SPDX-License-Identifier: Apache-2.0
#include "launcher/agent/agent_environment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "launcher/contract/program_variables.hpp"
#include "launcher/process/agent_variables.hpp"

namespace smlaunch {

namespace {

using Environment_ = std::map<std::string, std::string>;

std::optional<int> number_in(const Environment_& environment, const std::vector<const char*>& names) {
  for (const char* name : names) {
    const auto found = environment.find(name);
    if (found == environment.end()) continue;
    int number = 0;
    const std::string& text = found->second;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && end == text.data() + text.size() && number >= 0) return number;
    return {};
  }
  return {};
}

}  // namespace

bool is_on_leader_host(const AgentIdentity& identity, const std::string& own_host) {
  return identity.leader_host.empty() || identity.leader_host == own_host;
}

Result<AgentIdentity> parse_agent_identity(const Environment_& environment) {
  AgentIdentity identity;
  identity.by_srun = environment.contains(agent_srun_variable);
  identity.in_step =
      !identity.by_srun && environment.contains(agent_rank_variable) && environment.contains("SLURM_STEP_ID");
  const auto rank = identity.by_srun
                        ? number_in(environment, {"SLURM_PROCID"})
                        : number_in(environment, {agent_rank_variable, "OMPI_COMM_WORLD_RANK", "PMIX_RANK"});
  const auto local = identity.by_srun
                         ? number_in(environment, {"SLURM_LOCALID"})
                         : number_in(environment, {agent_local_rank_variable, "OMPI_COMM_WORLD_LOCAL_RANK"});
  if (!rank || !local)
    return failure(Fault::usage, "smlaunch rank", "no rank in the environment",
                   "it is started by smlaunch or by mpirun, not by hand");
  identity.rank = *rank;
  identity.local_rank = *local;
  const auto world = number_in(environment, {"OMPI_COMM_WORLD_SIZE"});
  const auto local_world = number_in(environment, {"OMPI_COMM_WORLD_LOCAL_SIZE"});
  const bool by_mpirun = !identity.by_srun && !environment.contains(agent_rank_variable);
  const bool has_others = environment.contains(agent_several_hosts_variable);
  // What a task of srun's prints, srun shows.
  identity.needs_channel = has_others && !identity.by_srun;
  identity.several_hosts = (by_mpirun && world && local_world && *world > *local_world) || has_others;
  identity.by_login = by_mpirun || identity.by_srun || has_others;
  const auto channel = environment.find(agent_channel_variable);
  const auto token = environment.find(agent_token_variable);
  identity.lacks_token = channel != environment.end() && token == environment.end();
  if (channel == environment.end() || token == environment.end()) return identity;
  const std::size_t colon = channel->second.rfind(':');
  const std::string port = colon == std::string::npos ? "" : channel->second.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), identity.channel_port);
  if (port.empty() || error != std::errc() || end != port.data() + port.size() || identity.channel_port < 1 ||
      identity.channel_port > 65535)
    return failure(Fault::usage, agent_channel_variable,
                   fmt::format("\"{}\" is no host:port", channel->second));
  identity.channel_host = channel->second.substr(0, colon);
  identity.token = token->second;
  if (const auto worker = environment.find(agent_worker_variable); worker != environment.end())
    identity.worker = worker->second;
  if (const auto host = environment.find(agent_host_variable); host != environment.end())
    identity.leader_host = host->second;
  const auto relay = environment.find(agent_relay_variable);
  identity.has_relay = relay != environment.end() && relay->second == relay_on;
  return identity;
}

Start make_start_without_channel(const Environment_& environment, const AgentIdentity& identity) {
  Start start;
  start.is_heard = false;
  start.flight_recorder = false;  // nobody would ask
  start.variables = {{"RANK", std::to_string(identity.rank)},
                     {"LOCAL_RANK", std::to_string(identity.local_rank)}};
  if (const auto size = environment.find("OMPI_COMM_WORLD_LOCAL_SIZE"); size != environment.end())
    start.variables["LOCAL_WORLD_SIZE"] = size->second;
  if (const auto directory = environment.find(agent_directory_variable); directory != environment.end())
    start.working_directory = directory->second;
  return start;
}

Environment_ rank_environment(Environment_ inherited, const Start& start) {
  std::erase_if(inherited, [&](const auto& variable) {
    const std::string& name = variable.first;
    if (name.starts_with("SMLAUNCH_AGENT_") || name == job_token_variable) return true;
    return std::any_of(start.removed_variables.begin(), start.removed_variables.end(),
                       [&](const std::string& prefix) { return name.starts_with(prefix); });
  });
  for (const auto& [name, value] : start.default_variables) inherited.try_emplace(name, value);
  if (!start.python_path.empty()) {
    std::string& path = inherited[python_path_variable];
    path = python_path(start.python_path, path);
  }
  for (const auto& [name, value] : start.user_variables) inherited[name] = value;
  for (const auto& [name, value] : start.variables)
    if (is_always_ours(name) || !start.user_variables.contains(name)) inherited[name] = value;
  return inherited;
}

}  // namespace smlaunch
