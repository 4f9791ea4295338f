// SPDX-License-Identifier: Apache-2.0
#include "launcher/plan/mpirun_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "launcher/contract/program_variables.hpp"
#include "launcher/plan/launcher_variables.hpp"
#include "launcher/plan/redaction.hpp"
#include "launcher/plan/ssh_sockets.hpp"
#include "launcher/plan/starter.hpp"
#include "launcher/process/agent_variables.hpp"
#include "mpi/schedulers.hpp"

namespace smlaunch {

namespace {

// Two ranks of a host that were given one core wait by spinning, each in the other's way.
bool shares_cores(const Layout& layout, const Cluster& cluster) {
  for (const NodeRank host : cluster.hosts.indices())
    if (layout.ranks_per_host[host] > std::max(1, cluster.hosts[host].machine->cores)) return true;
  return false;
}

// Of the user's MPI options; empty: they leave binding to us.
std::string why_not_bound(const MpirunCommand& command) {
  const std::string& option = command.user_binding_option;
  switch (command.user_binding) {
    case UserBinding::not_said: return "";
    case UserBinding::off: return fmt::format("not bound, as {} in the MPI options asks", option);
    case UserBinding::on:
      return fmt::format("not bound by us: mpirun binds it, as {} in the MPI options asks", option);
    case UserBinding::by_default: break;
  }
  return fmt::format(
      "not bound by us: mpirun binds it by its default, because {} in the MPI options maps "
      "ranks to hardware",
      option);
}

// What the user's options say to the ranks, and not to mpirun.
struct UserSettings {
  std::string working_directory;
  std::vector<std::string> exported;
  std::vector<std::pair<std::string, std::string>> variables;
};

Result<void> take_user_settings(const UserSettings& user, const JobSpec& spec, LaunchPlan& plan) {
  if (!user.working_directory.empty()) {
    if (!std::filesystem::path(user.working_directory).is_absolute())
      return failure(Fault::configuration, spec.mpi.source,
                     fmt::format("-wdir {} is no absolute path", user.working_directory),
                     "name the folder from / on: every host looks for it by itself");
    plan.entry_point.working_directory = user.working_directory;
  }
  for (const std::string& name : user.exported)
    if (const auto found = spec.inherited.find(name);
        found != spec.inherited.end() && name != python_path_variable)
      plan.user_variables.insert(*found);
  for (const auto& [name, value] : user.variables)
    plan.user_variables[name] = name == python_path_variable
                                    ? python_path(plan.entry_point.working_directory.native(), value)
                                    : value;
  return {};
}

}  // namespace

std::vector<WantedInterface> find_wanted_interfaces(const JobSpec& spec, Engine engine, bool several_hosts) {
  constexpr const char* of_nccl = "NCCL_SOCKET_IFNAME";
  const std::string& planned = spec.network_interface;
  const bool by_mpirun = engine == Engine::mpirun;
  const auto inherited = [&](const std::string& name) {
    const auto found = spec.inherited.find(name);
    return found == spec.inherited.end() ? "" : found->second;
  };
  const UserOptions user = by_mpirun ? all_options(spec.mpi) : spec.mpi.user;
  std::string pattern = inherited(of_nccl);
  for (const auto& [name, value] : user.variables)
    if (name == of_nccl) pattern = value;
  std::vector<WantedInterface> wanted;
  if (!planned.empty() && (by_mpirun || pattern.empty())) wanted.push_back({.pattern = "=" + planned});
  const auto add_list = [&](const std::string& parameter, const std::string& list,
                            const std::string& option) {
    const InterfaceUser mpi_user =
        parameter == "oob_tcp_if_include" ? InterfaceUser::mpi_daemons : InterfaceUser::mpi_ranks;
    for (const std::string& name : named_interfaces(list))
      if (name != planned) wanted.push_back({.pattern = "=" + name, .user = mpi_user, .option = option});
  };
  if (by_mpirun) {
    for (const MpirunOption& option : user.options)
      if (option.name == "mca" && includes_interfaces(option.values[0]))
        add_list(option.values[0], option.values[1], "-mca " + option.values[0]);
    for (const SetParameter& parameter : spec.mpi.parameters) {
      const auto is_replaced =
          std::any_of(user.options.begin(), user.options.end(), [&](const MpirunOption& option) {
            return option.name == "mca" && option.values[0] == parameter.name;
          });
      if (!is_replaced && includes_interfaces(parameter.name))
        add_list(parameter.name, parameter.value,
                 parameter.variable.empty() ? fmt::format("{}: {}", parameter.file, parameter.name)
                                            : parameter.variable);
    }
  }
  const bool is_checked = by_mpirun && (pattern == planned || pattern == "=" + planned);
  if (several_hosts && !pattern.empty() && !is_checked)
    wanted.push_back({.pattern = pattern, .user = InterfaceUser::nccl});
  return wanted;
}

MpirunRequest mpirun_request(const JobSpec& spec, const LaunchPlan& plan, const KeptFromMpirun& kept) {
  MpirunRequest request;
  request.mpirun = spec.mpirun;
  request.version = spec.open_mpi;
  request.style = plan.launcher == LauncherKind::smddp ? MpirunStyle::smddp : MpirunStyle::mpi;
  for (const NodeRank host : plan.cluster.hosts.indices())
    if (plan.layout.ranks_per_host[host] > 0)
      request.hosts.emplace_back(spec.known_by_name ? plan.cluster.hosts[host].name : "localhost",
                                 has_starter(plan.launcher) ? 1 : plan.cluster.hosts[host].ranks);
  request.processes = has_starter(plan.launcher) ? static_cast<int>(request.hosts.size()) : plan.world_size();
  request.oversubscribe = plan.layout.oversubscribed;
  request.yields_when_idle = !has_starter(plan.launcher) && shares_cores(plan.layout, plan.cluster);
  request.tcp_include = spec.network_interface.empty() ? spec.mpi_subnet : spec.network_interface;
  request.tcp_exclude = spec.mpi_exclude;
  if (spec.by_slurm) request.remote_agent = fmt::format("{} {}", spec.smlaunch, slurm_agent_words);
  request.ssh_port = spec.ssh_port;
  if (spec.keeps_ssh_open && plan.cluster.hosts.size() > 1) {
    const std::string socket = choose_ssh_socket(spec, plan.cluster);
    request.ssh_control_path = fmt::format("{}/{}", planned_ssh_folder, socket);
    if (socket == ssh_socket_by_name)
      request.ssh_agent = fmt::format("{} {}", spec.smlaunch, ssh_agent_words);
  }
  request.settings = spec.mpi;
  request.settings.user = kept.user;
  request.settings.of_parameters = {};
  request.schedulers = find_schedulers(spec.inherited);
  // The toolkit also names AWS's keys. The ranks have them from their host's environment, or from ours over the channel.
  for (const char* name : {"LD_LIBRARY_PATH", "PATH"})
    if (spec.inherited.contains(name)) request.exported.emplace_back(name);
  // The toolkit's own settings stand there with their values, unless the container sets them.
  for (const auto& setting : adapter_variables(*spec.environment, plan.launcher, plan.cluster))
    if (!spec.inherited.contains(setting.first)) request.exported_values.push_back(setting);
  for (const auto& [name, value] : plan.environment)
    if (std::find(kept.variables.begin(), kept.variables.end(), name) == kept.variables.end())
      request.exported.push_back(name);
  for (const char* name : {agent_channel_variable, agent_set_variable, agent_worker_variable,
                           agent_host_variable, agent_directory_variable, job_marker_variable})
    request.exported.emplace_back(name);
  if (plan.has_relays) request.exported.emplace_back(agent_relay_variable);
  request.program = {spec.smlaunch, "rank", "--"};
  request.program.insert(request.program.end(), plan.process_command.begin(), plan.process_command.end());
  return request;
}

Result<std::string> add_mpirun_command(const JobSpec& spec, LaunchPlan& plan) {
  KeptFromMpirun kept = keep_from_mpirun(spec, plan);
  auto made = mpirun_command(mpirun_request(spec, plan, kept));
  if (!made) return tl::unexpected(made.error());
  plan.command = std::move(made->argv);
  auto taken = take_user_settings(
      {made->working_directory, std::move(made->user_exported), std::move(made->user_variables)}, spec, plan);
  if (!taken) return tl::unexpected(taken.error());
  plan.user_variables.merge(kept.parameters);
  plan.kept_from_mpirun = std::move(kept.removed);
  std::string unbound = why_not_bound(*made);
  if (!unbound.empty()) plan.sources.emplace_back("bind", unbound);
  plan.wanted_interfaces = find_wanted_interfaces(spec, plan.engine, plan.cluster.hosts.size() > 1);
  for (auto& note : made->notes) plan.sources.emplace_back("mpi_options", std::move(note));
  for (auto& warning : made->warnings) plan.warnings.push_back(std::move(warning));
  return unbound;
}

Result<void> take_options_without_mpirun(const JobSpec& spec, LaunchPlan& plan) {
  if (!spec.mpi.is_given) return {};
  if (plan.launcher != LauncherKind::ddp) {
    plan.warnings.push_back(fmt::format("{}: not used, for launcher {} starts no mpirun here",
                                        spec.mpi.source, to_string(plan.launcher)));
    return {};
  }
  const UserOptions& user = spec.mpi.user;
  auto taken = take_user_settings({user.working_directory, user.exported, user.variables}, spec, plan);
  if (!taken) return taken;
  std::vector<std::string> unused;
  for (const MpirunOption& option : user.options)
    if (option.name != "x") unused.push_back(shown_option(option));
  for (const std::string& warning : user.warnings) plan.warnings.push_back(Redactor({}).text(warning));
  if (!unused.empty())
    plan.warnings.push_back(fmt::format(
        "{}: not used, for launcher ddp starts the ranks of {} without mpirun: {}", spec.mpi.source,
        reaches_hosts(plan.engine) ? "these hosts" : "one host", fmt::join(unused, ", ")));
  return {};
}

}  // namespace smlaunch
