// SPDX-License-Identifier: Apache-2.0
#include "launcher/job/facts.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "cuda/probe_gpus.hpp"
#include "launcher/contract/search_path.hpp"
#include "launcher/job/job_environment.hpp"
#include "launcher/job/probe_hosts.hpp"
#include "launcher/process/child_process.hpp"
#include "launcher/this_host/host_versions.hpp"
#include "launcher/this_host/own_host.hpp"
#include "topology/interfaces.hpp"
#include "topology/machine_json.hpp"
#include "topology/with_gpus.hpp"

namespace smlaunch {

namespace {

constexpr int probe_bound_milliseconds = 20000;

// An absolute path where it has a slash: ranks run in another folder than the one where it was named.
std::string find_python(const Options& options, const Variables& variables) {
  const std::string name = options.python.value_or("python3");
  const std::string found = name.empty() ? "" : find_on_path(name, variables);
  const std::string& python = found.empty() ? name : found;
  if (python.find('/') == std::string::npos) return python;
  std::error_code error;
  return std::filesystem::absolute(python, error).lexically_normal().string();
}

bool probe_mpi4py(const std::string& python) {
  static const std::string question =
      "import importlib.util, sys; sys.exit(importlib.util.find_spec('mpi4py') is None)";
  const auto answer = run_captured({python, "-c", question}, probe_bound_milliseconds);
  return answer && succeeded(answer->status);
}

bool probe_usable_gpu() {
  const auto machine = probe_machine_for_ranks();
  return machine && machine->usable_gpus() > 0;
}

// Not only what places ranks.
bool wants_all(const Options& options) { return options.command == Command::topology || options.probe; }

Questions questions_to_the_world(const Options& options, const Variables& variables,
                                 const std::shared_ptr<NameBook>& names) {
  Questions ask;
  const bool may_assume = options.command == Command::dry_run;
  ask.open_mpi = [variables, may_assume] { return find_open_mpi(variables, may_assume); };
  ask.has_mpirun = [variables] { return !find_on_path("mpirun", variables).empty(); };
  ask.has_mpi4py = probe_mpi4py;
  const bool is_named = options.python.has_value();
  ask.torchrun = [variables, is_named](const std::string& python) {
    return probe_torchrun(find_on_path("torchrun", variables), is_named ? python : "");
  };
  ask.has_usable_gpu = probe_usable_gpu;
  ask.is_own_name = [names](const std::string& host) { return find_own_host({host}, *names).has_value(); };
  ask.interfaces = probe_interfaces;
  ask.routes = [names](const std::vector<std::string>& hosts) { return probe_routes(hosts, *names); };
  ask.addresses = [names](const std::vector<std::string>& hosts) { return probe_addresses(hosts, *names); };
  ask.is_readable = [](const std::string& file) { return access(file.c_str(), R_OK) == 0; };
  ask.saved_machine = [](const std::string& file) { return read_machine_file(file); };
  ask.machines_of_hosts = [options](const std::vector<std::string>& hosts) {
    return probe_hosts(options, hosts);
  };
  return ask;
}

}  // namespace

HwlocNeeds find_hwloc_needs(const Options& options) {
  return {.saved_machines = !options.topology.empty(),
          .devices = wants_all(options) || may_have_accelerators()};
}

Result<Machine> probe_job_machine(const Options& options) {
  auto machine = wants_all(options) ? probe_machine_with_gpus() : probe_machine_for_ranks();
  if (machine && wants_all(options)) {
    machine->interfaces = probe_interfaces();
    machine->versions = probe_versions();
  }
  if (!machine || !options.gpus_per_host) return machine;
  return with_gpus(std::move(*machine), *options.gpus_per_host);
}

Result<Facts> read_facts(const Options& options, const Variables& variables, const BaseFolder& base,
                         const JobHosts& hosts) {
  auto machine = options.command == Command::ready ? Result<Machine>(Machine{}) : probe_job_machine(options);
  if (!machine) return tl::unexpected(machine.error());
  auto environment = read_job_environment(options, variables, base, hosts, *machine);
  if (!environment) return tl::unexpected(environment.error());
  Facts facts;
  facts.variables = variables;
  facts.base = base;
  facts.given_hosts = hosts.slots;
  facts.hosts_source = hosts.source;
  facts.allocation = hosts.allocation;
  facts.self_started = hosts.self_started;
  facts.environment = std::move(*environment);
  facts.machine = std::move(*machine);
  facts.python = find_python(options, variables);
  std::error_code error;
  facts.smlaunch = std::filesystem::read_symlink("/proc/self/exe", error).string();
  facts.ask = questions_to_the_world(options, variables, hosts.names);
  return facts;
}

}  // namespace smlaunch
