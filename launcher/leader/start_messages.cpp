// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/start_messages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "launcher/contract/framework_module.hpp"
#include "launcher/contract/program_variables.hpp"
#include "launcher/plan/ssh_sockets.hpp"
#include "launcher/plan/starter.hpp"
#include "launcher/process/agent_variables.hpp"
#include "launcher/process/hidden_arguments.hpp"
#include "launcher/scheduler/srun_command.hpp"

namespace smlaunch {

namespace {

// OMPI_ARGV and OMPI_COMMAND hold the whole command: 131,071 bytes less the other words.
constexpr std::size_t longest_mpirun_program = 100'000;

// `word`: mpirun's word with the arguments for ssh.
void set_ssh_folder(std::string& word, const std::string& ssh_folder) {
  for (const char* socket : {ssh_socket_by_name, ssh_socket_by_digest}) {
    const auto option_in = [&](std::string_view folder) {
      return fmt::format(" -o ControlPath={}/{}", folder, socket);
    };
    const std::string planned = option_in(planned_ssh_folder);
    if (const std::size_t at = word.find(planned); at != std::string::npos)
      word.replace(at, planned.size(), ssh_folder.empty() ? "" : option_in(ssh_folder));
  }
}

}  // namespace

Start make_start(const LaunchPlan& plan, Rank rank, const Variables& of_host, const StartFacts& facts) {
  const RankPlace& place = plan.layout.ranks[rank];
  Start start;
  // SM_*, rank identity, the rendezvous and the job's variables about itself replace those of the host's
  // environment; the other variables yield to them.
  const auto take = [&](const Variables& variables) {
    for (const auto& [name, value] : variables) {
      if (name == python_path_variable) continue;  // each host's own, with our folder before it
      const bool replaces = is_always_ours(name) || is_rendezvous(name) || is_said_by_job(name);
      (replaces ? start.variables : start.default_variables)[name] = value;
    }
  };
  take(plan.environment);
  if (plan.cluster.hosts[place.node_rank].name != plan.current_host)
    start.default_variables.insert(plan.defaults_elsewhere.begin(), plan.defaults_elsewhere.end());
  take(of_host);
  take(variables_of_rank(plan, rank));
  const bool has_master_port =
      sets_rank_identity(plan.launcher) || sets_master_port(plan.job->native_framework, plan.launcher);
  if (has_master_port && facts.master_port && !plan.master_port)
    start.variables["MASTER_PORT"] = std::to_string(*facts.master_port);
  if (plan.launcher == LauncherKind::torchrun && facts.master_port && !plan.master_port)
    start.variables["PET_MASTER_PORT"] = std::to_string(*facts.master_port);
  start.variables[job_marker_variable] = facts.job;
  if (facts.restart_count) start.variables["RESTART_COUNT"] = std::to_string(*facts.restart_count);
  start.user_variables = plan.user_variables;
  if (plan.launcher == LauncherKind::ddp || plan.launcher == LauncherKind::torchrun)
    start.removed_variables = {"OMPI_", "PMIX_", "ORTE_", "PRTE_"};
  if (plan.engine == Engine::mpirun) start.leader_environment = facts.leader_environment;
  start.is_starter = has_starter(plan.launcher);
  if (plan.engine == Engine::mpirun &&
      (is_too_long_for_mpirun(plan.process_command) || !plan.secret_arguments.empty()))
    start.program = plan.process_command;
  start.working_directory = plan.entry_point.working_directory.string();
  if (plan.environment.contains(python_path_variable)) start.python_path = start.working_directory;
  if (plan.entry_point.kind == EntryPointKind::command && plan.entry_point.has_interpreter_line)
    start.command_file = command_file(plan.entry_point);
  const Host& host = plan.cluster.hosts[place.node_rank];
  const bool places_itself = host.source != TopologySource::probed && !plan.machines_as_planned;
  if (plan.shares.empty()) {
    start.cpus = to_string(place.placement->cpus);
    start.numa = to_string(place.placement->numa);
    if (places_itself) start.own_bind = to_string(plan.bind);
  } else {
    const StarterShare& share = plan.shares[place.node_rank];
    start.first_rank = share.first_rank;
    for (const auto& placement : share.placements) {
      start.rank_cpus.push_back(to_string(placement->cpus));
      start.rank_numa.push_back(to_string(placement->numa));
    }
    if (places_itself) start.rank_bind = to_string(plan.bind);
  }
  start.local_ranks = plan.layout.ranks_per_host[place.node_rank];
  start.grace_milliseconds = static_cast<int>(std::min(facts.grace, longest_orphan_grace).count());
  start.lost_after_milliseconds = static_cast<int>(facts.lost_after.count());
  start.leader_wait_milliseconds = static_cast<int>(facts.leader_wait.count());
  return start;
}

bool is_too_long_for_mpirun(const std::vector<std::string>& process_command) {
  std::size_t bytes = 0;
  for (const std::string& word : process_command) bytes += word.size() + 1;
  return bytes > longest_mpirun_program;
}

std::vector<std::string> engine_command(const LaunchPlan& plan, const std::string& ssh_folder) {
  std::vector<std::string> command = plan.command;
  for (std::size_t i = 0; i + plan.process_command.size() < command.size(); ++i)
    set_ssh_folder(command[i], ssh_folder);
  const bool is_late = plan.engine == Engine::mpirun && is_too_long_for_mpirun(plan.process_command);
  if (!is_late && plan.secret_arguments.empty()) return command;
  command.resize(command.size() - plan.process_command.size());
  if (is_late) {
    command.emplace_back(program_comes_later);
  } else {
    const HiddenArguments hidden = hide_arguments(plan.process_command, plan.secret_arguments);
    command.insert(command.end(), hidden.argv.begin(), hidden.argv.end());
  }
  return command;
}

std::map<std::string, std::string> engine_environment(
    const LaunchPlan& plan, std::map<std::string, std::string> inherited,
    const std::map<std::string, std::string>& agent_variables) {
  if (is_one_process(plan.engine)) {
    for (const auto& [name, value] : plan.environment)
      if (is_always_ours(name) || is_said_by_job(name) || name == python_path_variable)
        inherited[name] = value;
      else
        inherited.try_emplace(name, value);
    for (const auto& [name, value] : plan.user_variables) inherited[name] = value;
    inherited.erase(fmt::format("OMPI_MCA_{}", environment_list));
    for (const std::string& name : plan.kept_from_mpirun) inherited.erase(name);
  }
  if (plan.engine == Engine::srun)
    for (const std::string& name : options_of_the_job()) inherited.erase(name);
  for (const auto& [name, value] : agent_variables) inherited[name] = value;
  return inherited;
}

}  // namespace smlaunch
