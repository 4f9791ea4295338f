// SPDX-License-Identifier: Apache-2.0
#include "launcher/job/job_environment.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/host_name.hpp"
#include "launcher/contract/search_path.hpp"
#include "launcher/contract/user_program.hpp"
#include "launcher/this_host/neuron.hpp"
#include "launcher/this_host/own_host.hpp"

namespace smlaunch {

namespace {

// What was typed behind "--": a file here, or else, as a shell would have it, a program on PATH.
std::string find_program(const std::string& name, const Variables& variables) {
  std::error_code error;
  if (name.find('/') != std::string::npos || std::filesystem::exists(name, error)) return name;
  const std::string found = find_on_path(name, variables);
  return found.empty() ? name : found;
}

// `-- -m pkg.train ARG...` is one name and its arguments.
Result<GivenEntryPoint> given_entry_point(const std::vector<std::string>& words, const Variables& variables) {
  if (words.front() != "-m")
    return GivenEntryPoint{find_program(words.front(), variables), {words.begin() + 1, words.end()}};
  if (words.size() < 2 || words[1].empty() || words[1].find_first_of(" \t\n") != std::string::npos)
    return failure(Fault::usage, "-- -m", "is not followed by the name of a module",
                   "write -- -m PACKAGE.MODULE ARG...");
  return GivenEntryPoint{"-m " + words[1], {words.begin() + 2, words.end()}};
}

std::optional<GivenHosts> name_hosts(const JobHosts& hosts, const Options& options) {
  if (!hosts.slots) return std::nullopt;
  GivenHosts given;
  for (const HostSlots& host : *hosts.slots) given.hosts.push_back(host.name);
  // One that is not among them is refused where the environment is read.
  const auto is_host = [&](const std::string& name) {
    return std::find(given.hosts.begin(), given.hosts.end(), name) != given.hosts.end();
  };
  if (hosts.self_started)
    given.current_host = given.hosts[static_cast<std::size_t>(hosts.self_started->node_rank)];
  else if (options.current_host && is_host(*options.current_host))
    given.current_host = *options.current_host;
  else if (hosts.allocation && is_host(hosts.allocation->own_host))
    given.current_host = hosts.allocation->own_host;
  else
    given.current_host = find_own_host(given.hosts, *hosts.names).value_or("");
  return given;
}

}  // namespace

Result<void> check_command_line(const Options& options, const Result<JobHosts>& hosts) {
  if (!hosts && hosts.error().fault == Fault::usage) return tl::unexpected(hosts.error());
  if (!options.entry_point) return {};
  if (const auto program = given_entry_point(*options.entry_point, {}); !program)
    return tl::unexpected(program.error());
  return {};
}

std::optional<EntryPoint> probe_typed_program(const Options& options, const Variables& variables) {
  if (!options.entry_point) return {};
  const auto program = given_entry_point(*options.entry_point, variables);
  if (!program) return {};
  std::error_code error;
  return probe_given_program(*program, std::filesystem::current_path(error));
}

Result<std::shared_ptr<const Environment>> read_job_environment(const Options& options,
                                                                const Variables& variables,
                                                                const BaseFolder& base, const JobHosts& hosts,
                                                                const Machine& machine) {
  EnvironmentRequest request;
  request.base_dir = base.path;
  request.variables = variables;
  if (options.resource_config) request.resource_config = *options.resource_config;
  request.given_hosts = name_hosts(hosts, options);
  request.current_host = options.current_host;
  if (options.entry_point) {
    auto program = given_entry_point(*options.entry_point, variables);
    if (!program) return tl::unexpected(program.error());
    request.given_entry_point = std::move(*program);
  }
  std::error_code error;
  request.working_directory = std::filesystem::current_path(error);
  request.run_framework_module = options.framework_module == FrameworkModuleOption::run;
  request.num_gpus = machine.usable_gpus();
  request.num_cpus = machine.counted_cpus();
  if (!base.is_made) request.local_host = probe_host_name();
  auto environment = read_environment(request);
  if (!environment) return tl::unexpected(environment.error());
  NeuronCores neurons =
      probe_neuron_cores(environment->current_instance_type, find_on_path("neuron-ls", variables));
  environment->num_neurons = neurons.count;
  if (neurons.warning) environment->warnings.push_back(std::move(*neurons.warning));
  if (hosts.self_started) {
    environment->leader = request.given_hosts->hosts.front();
    environment->is_leader = hosts.self_started->node_rank == 0;
    return std::make_shared<const Environment>(std::move(*environment));
  }
  // With hosts from the command line, the machine where it was typed leads.
  if (request.given_hosts && !request.given_hosts->current_host.empty()) {
    environment->leader = request.given_hosts->current_host;
    environment->is_leader = true;
  }
  return std::make_shared<const Environment>(std::move(*environment));
}

}  // namespace smlaunch
