// SPDX-License-Identifier: Apache-2.0
#include "launcher/plan/mpirun_request.hpp"

#include <algorithm>

#include "launcher/plan/launcher_variables.hpp"
#include "launcher/plan/starter.hpp"

namespace smlaunch {

namespace {

// Two ranks of a host that were given one core wait by spinning, each in the other's way.
bool shares_cores(const Layout& layout, const Cluster& cluster) {
  for (std::size_t host = 0; host < cluster.hosts.size(); ++host)
    if (layout.ranks_per_host[host] > std::max(1, cluster.hosts[host].machine->cores)) return true;
  return false;
}

}  // namespace

MpirunRequest mpirun_request(const JobSpec& spec, const LaunchPlan& plan) {
  MpirunRequest request;
  request.mpirun = spec.mpirun;
  request.version = spec.open_mpi;
  request.style = plan.launcher == LauncherKind::smddp ? MpirunStyle::smddp : MpirunStyle::mpi;
  for (std::size_t i = 0; i < plan.cluster.hosts.size(); ++i)
    if (plan.layout.ranks_per_host[i] > 0)
      request.hosts.emplace_back(spec.known_by_name ? plan.cluster.hosts[i].name : "localhost",
                                 has_starter(plan.launcher) ? 1 : plan.cluster.hosts[i].ranks);
  request.processes = has_starter(plan.launcher) ? static_cast<int>(request.hosts.size()) : plan.world_size();
  request.oversubscribe = plan.layout.oversubscribed;
  request.oversubscribed_cores = !has_starter(plan.launcher) && shares_cores(plan.layout, plan.cluster);
  request.network_interface = spec.network_interface;
  request.ssh_port = spec.ssh_port;
  if (plan.cluster.hosts.size() > 1) request.ssh_control_path = spec.ssh_control_path;
  request.user_options = spec.mpi_options;
  request.user_options_source = spec.mpi_options_source;
  for (const auto& [name, value] : spec.inherited)
    if (name.starts_with("OMPI_MCA_")) request.environment_parameters.emplace_back(name.substr(9), value);
  for (const char* name :
       {"LD_LIBRARY_PATH", "PATH", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"})
    if (spec.inherited.contains(name)) request.exported.emplace_back(name);
  // The toolkit's own settings stand there with their values, unless the container sets them.
  for (const auto& setting : adapter_variables(*spec.environment, plan.launcher, plan.cluster))
    if (!spec.inherited.contains(setting.first)) request.exported_values.push_back(setting);
  for (const auto& [name, value] : plan.environment) request.exported.push_back(name);
  for (const char* name : {"SMLAUNCH_AGENT_CHANNEL", "SMLAUNCH_AGENT_TOKEN", "SMLAUNCH_AGENT_WORKER",
                           "SMLAUNCH_AGENT_LEADER_HOST", "SMLAUNCH_AGENT_DIRECTORY", "SMLAUNCH_JOB"})
    request.exported.emplace_back(name);
  request.program = {spec.smlaunch, "rank", "--"};
  request.program.insert(request.program.end(), plan.process_command.begin(), plan.process_command.end());
  return request;
}

}  // namespace smlaunch
