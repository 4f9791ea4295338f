// SPDX-License-Identifier: Apache-2.0
#include "launcher/job/job_environment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "base/host_name.hpp"
#include "launcher/contract/local_job.hpp"
#include "launcher/contract/search_path.hpp"
#include "launcher/this_host/neuron.hpp"
#include "launcher/this_host/own_host.hpp"

namespace smlaunch {

namespace {

constexpr const char* container_base_dir = "/opt/ml";

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

std::optional<GivenHosts> name_hosts(const std::optional<std::vector<HostSlots>>& slots,
                                     const Options& options) {
  if (!slots) return std::nullopt;
  GivenHosts given;
  for (const HostSlots& host : *slots) given.hosts.push_back(host.name);
  // One that is not among them is refused where the environment is read.
  const bool is_named = options.current_host && std::find(given.hosts.begin(), given.hosts.end(),
                                                          *options.current_host) != given.hosts.end();
  given.current_host = is_named ? *options.current_host : find_own_host(given.hosts).value_or("");
  return given;
}

}  // namespace

Result<std::optional<std::vector<HostSlots>>> read_given_hosts(const Options& options) {
  if (options.hosts && options.hostfile)
    return failure(Fault::usage, "--hosts", "does not go with --hostfile", "give one of them");
  if (options.hosts) {
    auto hosts = parse_host_option(*options.hosts, source_of(options, "hosts", "--hosts"));
    if (!hosts) return tl::unexpected(hosts.error());
    return std::move(*hosts);
  }
  if (!options.hostfile) return std::nullopt;
  std::error_code error;
  if (std::filesystem::is_directory(*options.hostfile, error))
    return failure(Fault::configuration, fmt::format("--hostfile {}", *options.hostfile), "is a folder",
                   "name a readable hostfile");
  std::ifstream file(*options.hostfile, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.good() && !file.eof())
    return failure(Fault::configuration, fmt::format("--hostfile {}", *options.hostfile), "cannot be read",
                   "name a readable hostfile");
  auto hosts = parse_hostfile(text, *options.hostfile);
  if (!hosts) return tl::unexpected(hosts.error());
  return std::move(*hosts);
}

Result<void> check_command_line(const Options& options) {
  if (const auto hosts = read_given_hosts(options); !hosts && hosts.error().fault == Fault::usage)
    return tl::unexpected(hosts.error());
  if (!options.entry_point) return {};
  if (const auto given = given_entry_point(*options.entry_point, {}); !given)
    return tl::unexpected(given.error());
  return {};
}

std::string choose_base_dir(const Options& options, const Variables& variables) {
  if (options.base_dir) return *options.base_dir;
  const auto given = variables.find("SAGEMAKER_BASE_DIR");
  if (given != variables.end() && !given->second.empty()) return given->second;
  if (!needs_local_job(options, variables)) return container_base_dir;
  static const double now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  const auto home = variables.find("HOME");
  return local_base_dir(home == variables.end() ? "/root" : home->second, fmt::format("{:.6f}", now))
      .string();
}

bool needs_local_job(const Options& options, const Variables& variables) {
  const auto base = variables.find("SAGEMAKER_BASE_DIR");
  const bool is_named = options.base_dir || (base != variables.end() && !base->second.empty());
  if (is_named || options.hosts || options.hostfile || options.resource_config) return false;
  std::error_code error;
  return !std::filesystem::exists(container_base_dir, error);
}

Result<std::shared_ptr<const Environment>> read_job_environment(const Options& options,
                                                                const Variables& variables,
                                                                const Machine& machine) {
  auto slots = read_given_hosts(options);
  if (!slots) return tl::unexpected(slots.error());
  EnvironmentRequest request;
  request.base_dir = choose_base_dir(options, variables);
  request.variables = variables;
  if (options.resource_config) request.resource_config = *options.resource_config;
  request.given_hosts = name_hosts(*slots, options);
  request.current_host = options.current_host;
  if (options.entry_point) {
    auto given = given_entry_point(*options.entry_point, variables);
    if (!given) return tl::unexpected(given.error());
    request.given_entry_point = std::move(*given);
  }
  std::error_code error;
  request.working_directory = std::filesystem::current_path(error);
  request.run_framework_module = options.framework_module == FrameworkModuleOption::run;
  request.num_gpus = machine.usable_gpus();
  request.num_cpus = machine.counted_cpus();
  if (needs_local_job(options, variables)) request.local_host = probe_host_name();
  auto environment = read_environment(request);
  if (!environment) return tl::unexpected(environment.error());
  NeuronCores neurons =
      probe_neuron_cores(environment->current_instance_type, find_on_path("neuron-ls", variables));
  environment->num_neurons = neurons.count;
  if (neurons.warning) environment->warnings.push_back(std::move(*neurons.warning));
  // With hosts from the command line, the machine where it was typed leads.
  if (request.given_hosts && !request.given_hosts->current_host.empty()) {
    environment->leader = request.given_hosts->current_host;
    environment->is_leader = true;
  }
  return std::make_shared<const Environment>(std::move(*environment));
}

}  // namespace smlaunch
