// SPDX-License-Identifier: Apache-2.0
#include "launcher/job/job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "cuda/probe_gpus.hpp"
#include "launcher/contract/framework_module.hpp"
#include "launcher/contract/process_counts.hpp"
#include "launcher/contract/search_path.hpp"
#include "launcher/job/job_cluster.hpp"
#include "launcher/job/job_interface.hpp"
#include "launcher/job/job_open_mpi.hpp"
#include "launcher/job/job_smoke.hpp"
#include "launcher/plan/plan_json.hpp"
#include "launcher/plan/starter.hpp"
#include "launcher/process/child_process.hpp"
#include "launcher/this_host/host_versions.hpp"
#include "launcher/this_host/own_host.hpp"
#include "launcher/this_host/torchrun.hpp"
#include "mpi/shell_words.hpp"
#include "topology/interfaces.hpp"
#include "topology/with_gpus.hpp"

namespace smlaunch {

namespace {

constexpr int probe_bound_milliseconds = 20000;

LauncherChoice choose(const Options& options, const Environment& environment, bool hosts_given) {
  const std::map<LauncherOption, LauncherKind> named = {
      {LauncherOption::process, LauncherKind::process}, {LauncherOption::mpi, LauncherKind::mpi},
      {LauncherOption::ddp, LauncherKind::ddp},         {LauncherOption::torchrun, LauncherKind::torchrun},
      {LauncherOption::xla, LauncherKind::xla},         {LauncherOption::smddp, LauncherKind::smddp}};
  if (options.launcher != LauncherOption::automatic)
    return {named.at(options.launcher), source_of(options, "launcher", "option --launcher")};
  if (!hosts_given) return choose_launcher(environment);
  const EntryPoint& entry_point = environment.entry_point;
  if (parse_module_option(entry_point.name))
    return {LauncherKind::ddp, "default with given hosts for a module"};
  const bool python = entry_point.name.ends_with(".py");
  return {python ? LauncherKind::ddp : LauncherKind::mpi,
          fmt::format("default with given hosts for {}", python ? "a .py entry point" : "a command")};
}

// The hosts that work together: those of the distribution groups, or all where no distribution was asked for
// by a hyperparameter.
const std::vector<std::string>& hosts_together(const Environment& environment) {
  return environment.distribution_hosts.empty() ? environment.hosts : environment.distribution_hosts;
}

std::vector<std::string> hosts_of_plan(const Environment& environment, bool runs_alone,
                                       const std::string& leader) {
  if (runs_alone) return {environment.current_host};
  std::vector<std::string> hosts = hosts_together(environment);
  // mpirun maps its own host first.
  const auto first = std::find(hosts.begin(), hosts.end(), leader);
  if (first != hosts.end()) std::rotate(hosts.begin(), first, first + 1);
  return hosts;
}

// The last of the hosts wait for one of the others to be lost.
Result<void> set_spare_hosts_aside(const Options& options, std::vector<std::string>& hosts, Job& job) {
  if (options.spare_hosts == 0) return {};
  const std::string where = source_of(options, "spare-hosts", "--spare-hosts");
  if (job.runs_alone)
    return failure(
        Fault::usage, where,
        fmt::format("under launcher {} each host runs by itself, and none can take another's place",
                    to_string(job.spec.launcher)),
        "leave it out, or take --launcher mpi or ddp");
  const auto spare = static_cast<std::size_t>(options.spare_hosts);
  if (spare >= hosts.size())
    return failure(Fault::usage, where,
                   fmt::format("{} of {} hosts would leave none to run ranks", spare, hosts.size()),
                   "give fewer spare hosts, or more hosts");
  job.spare_hosts.assign(hosts.end() - static_cast<std::ptrdiff_t>(spare), hosts.end());
  hosts.resize(hosts.size() - spare);
  job.spec.spare_hosts = job.spare_hosts;
  return {};
}

// Under MPI an uncaught exception hangs the job unless mpi4py runs the script.
void find_mpi4py(JobSpec& spec) {
  static const std::string question =
      "import importlib.util, sys; sys.exit(importlib.util.find_spec('mpi4py') is None)";
  const auto answer = run_captured({spec.python, "-c", question}, probe_bound_milliseconds);
  spec.mpi4py = answer && succeeded(answer->status);
  spec.sources.emplace_back(
      "mpi4py", spec.mpi4py ? fmt::format("found by {}", spec.python)
                            : fmt::format("not found by {}: without it a Python exception on one rank "
                                          "leaves the others waiting until they are stopped",
                                          spec.python));
}

// Each of the toolkit's runners has a name of its own for them.
const char* options_hyperparameter(const Environment& environment, LauncherKind launcher) {
  constexpr const char* smddp = "sagemaker_distributed_dataparallel_custom_mpi_options";
  const bool has_smddp = text_parameter(environment, smddp).has_value();
  if (launcher == LauncherKind::smddp || (has_smddp && launcher == LauncherKind::ddp)) return smddp;
  return "sagemaker_mpi_custom_mpi_options";
}

Result<void> read_mpi_options(const Options& options, JobSpec& spec) {
  const char* key = options_hyperparameter(*spec.environment, spec.launcher);
  const std::string source = source_of(options, "mpi-options", fmt::format("hyperparameter {}", key));
  const auto hyperparameter = text_parameter(*spec.environment, key);
  const bool is_given = spec.environment->sagemaker_hyperparameters.find(key) != nullptr;
  if (!options.mpi_options && !hyperparameter && is_given)
    return failure(Fault::configuration, source, "is no text",
                   "write mpirun's options as one JSON string: \"-x NAME --report-bindings\"");
  auto words = split_shell_words(options.mpi_options ? *options.mpi_options : hyperparameter.value_or(""));
  if (!words) {
    Error error = words.error();
    for (Problem& problem : error.problems) problem.where = fmt::format("{}: {}", source, problem.where);
    return tl::unexpected(std::move(error));
  }
  spec.mpi_options = std::move(*words);
  spec.mpi_options_source = source;
  if (!spec.mpi_options.empty()) spec.sources.emplace_back("mpi_options", source);
  return {};
}

// For a job that mpirun would start on its hosts: they need Open MPI as it is here, and the interface.
Result<void> find_what_mpirun_needs(const Options& options, bool hosts_given, Job& job) {
  JobSpec& spec = job.spec;
  spec.environment = job.environment;
  spec.launcher = choose(options, *job.environment, hosts_given).kind;
  const bool goes_by_mpirun = spec.launcher == LauncherKind::mpi || spec.launcher == LauncherKind::ddp ||
                              spec.launcher == LauncherKind::smddp ||
                              (has_starter(spec.launcher) && hosts_given);
  if (!goes_by_mpirun || find_on_path("mpirun", spec.inherited).empty()) return {};
  if (auto found = use_open_mpi(options, spec); !found) return found;
  if (auto read = read_mpi_options(options, spec); !read) return read;
  job.hosts_given = hosts_given;
  find_network_interface(job);
  return {};
}

Result<void> find_python(const Options& options, JobSpec& spec) {
  if (options.python && options.python->empty())
    return failure(Fault::usage, source_of(options, "python", "--python"), "names no file",
                   "name the job's interpreter");
  const std::string python = find_on_path(options.python.value_or("python3"), spec.inherited);
  spec.python = python.empty() ? options.python.value_or("python3") : python;
  // Ranks run in another folder than the one where it was named.
  std::error_code error;
  if (spec.python.find('/') != std::string::npos)
    spec.python = std::filesystem::absolute(spec.python, error).lexically_normal().string();
  return {};
}

// Each host starts its ranks by a program of PyTorch's.
Result<void> find_starter(const Options& options, const Job& job, JobSpec& spec) {
  const Environment& env = *spec.environment;
  if (job.runs_alone) spec.nodes = hosts_together(env);
  if (spec.launcher != LauncherKind::torchrun) return {};
  Torchrun found =
      probe_torchrun(find_on_path("torchrun", spec.inherited), options.python ? spec.python : "");
  if (found.command.front() == "torchrun" && options.command == Command::run)
    return failure(Fault::start, "torchrun", "is not on PATH",
                   "install PyTorch, or name the interpreter that has it with --python");
  spec.torchrun = std::move(found.command);
  spec.torchrun_must_redirect = found.must_redirect;
  spec.sources.emplace_back("torchrun", found.source);
  return {};
}

// Where the port comes from at which the ranks meet; not every launcher has one.
void find_master_port(const Options& options, const Cluster& cluster, JobSpec& spec) {
  const LauncherKind launcher = spec.launcher;
  const bool of_module = sets_master_port(spec.environment->native_framework, launcher);
  if (!of_module && !sets_rank_identity(launcher) && launcher != LauncherKind::torchrun) return;
  spec.master_port = options.master_port;
  const std::string reason = why_toolkits_port(spec, cluster);
  const std::string otherwise =
      reason.empty() ? "rank 0's agent picks a free one at the start" : "7777: " + reason;
  spec.sources.emplace_back("master_port", source_of(options, "master-port", otherwise));
}

// PyTorch/XLA's own launcher takes all GPUs of a host, or fails.
Result<void> check_ranks_of_xla(const Options& options, const Job& job) {
  if (job.spec.launcher != LauncherKind::xla || !options.processes_per_host) return {};
  for (const Host& host : job.cluster.hosts) {
    const int gpus = host.machine->usable_gpus();
    if (gpus > 0 && gpus != *options.processes_per_host)
      return failure(Fault::usage, source_of(options, "processes-per-host", "--processes-per-host"),
                     fmt::format("under launcher xla each host has a rank for each of its GPUs, {} on {}",
                                 gpus, host.name),
                     "leave it out, or take --launcher torchrun");
  }
  return {};
}

}  // namespace

Result<Machine> probe_job_machine(const Options& options) {
  const bool wants_all = options.command == Command::topology || options.probe;
  auto machine = wants_all ? probe_machine_with_gpus() : probe_machine_for_ranks();
  if (machine && wants_all) {
    machine->interfaces = probe_interfaces();
    machine->versions = probe_versions();
  }
  if (!machine || !options.gpus_per_host) return machine;
  return with_gpus(std::move(*machine), *options.gpus_per_host);
}

Result<Job> begin_job(const Options& options, const Variables& variables) {
  auto machine = probe_job_machine(options);
  if (!machine) return tl::unexpected(machine.error());
  auto environment = read_job_environment(options, variables, *machine);
  if (!environment) return tl::unexpected(environment.error());
  const Environment& env = **environment;
  if (auto named = require_entry_point(env); !named) return tl::unexpected(named.error());

  Job job;
  job.environment = *environment;
  JobSpec& spec = job.spec;
  spec.environment = *environment;
  spec.inherited = variables;
  auto slots = read_given_hosts(options);
  const bool hosts_given = slots && slots->has_value();
  job.hosts_given = hosts_given;
  LauncherChoice choice = choose(options, env, hosts_given);
  if (options.command == Command::smoke) choice = choose_for_smoke(options, choice);
  spec.launcher = choice.kind;
  spec.sources.emplace_back("launcher", choice.source);
  if (!env.framework_source.empty()) spec.sources.emplace_back("entry_point", env.framework_source);
  spec.sources.emplace_back(
      "base_dir", source_of(options, "base-dir",
                            variables.contains("SAGEMAKER_BASE_DIR") ? "variable SAGEMAKER_BASE_DIR"
                            : needs_local_job(options, variables)
                                ? "outside a container: a run makes such a folder, with empty "
                                  "hyperparameters.json and inputdataconfig.json and this host alone in "
                                  "resourceconfig.json"
                                : "default"));
  spec.sources.emplace_back("hosts",
                            source_of(options, options.hosts ? "hosts" : "hostfile",
                                      source_of(options, "resource-config",
                                                (env.paths.input_config / "resourceconfig.json").string())));
  spec.bind = options.bind;
  spec.sources.emplace_back("bind", source_of(options, "bind", "default"));
  spec.ssh_port = options.ssh_port;
  spec.ssh_control_path = fmt::format("{}/{}", planned_ssh_folder, ssh_socket_name);

  const auto& groups = hosts_together(env);
  const bool in_distribution = std::find(groups.begin(), groups.end(), env.current_host) != groups.end();
  const bool starts_itself = has_starter(spec.launcher) && !hosts_given && in_distribution;
  job.runs_alone =
      spec.launcher == LauncherKind::process || starts_itself || (!hosts_given && !in_distribution);
  if (job.runs_alone && env.current_host.empty())
    return failure(Fault::usage, "--launcher process", "runs on this machine, which is none of the hosts",
                   "run it on one of them, or name this one with --current-host");
  if (job.runs_alone && !starts_itself) spec.launcher = LauncherKind::process;
  if (auto named = find_python(options, spec); !named) return tl::unexpected(named.error());
  job.machine = std::move(*machine);
  return job;
}

Result<Job> finish_job(const Options& options, Job job) {
  const Environment& env = *job.environment;
  JobSpec& spec = job.spec;
  const auto& groups = hosts_together(env);
  auto slots = read_given_hosts(options);
  if (options.max_restarts > 0 && job.runs_alone && has_starter(spec.launcher) && groups.size() > 1)
    return failure(Fault::usage, source_of(options, "max-restarts", "--max-restarts"),
                   fmt::format("each host starts {} by itself here, and no one starts them all again",
                               to_string(spec.launcher)),
                   "leave it out, or take --launcher ddp");
  std::vector<std::string> hosts = hosts_of_plan(env, job.runs_alone, env.leader);
  if (auto aside = set_spare_hosts_aside(options, hosts, job); !aside) return tl::unexpected(aside.error());
  const auto counts = parse_process_counts(env, spec.launcher);
  if (!counts && !options.processes_per_host) return tl::unexpected(counts.error());
  auto cluster = make_cluster(options, env, spec.launcher, counts.value_or(ProcessCounts()),
                              slots ? *slots : std::nullopt, hosts, job.machine, spec.sources);
  if (!cluster) return tl::unexpected(cluster.error());
  job.cluster = std::move(*cluster);
  if (auto fits = check_ranks_of_xla(options, job); !fits) return tl::unexpected(fits.error());

  std::error_code error;
  if (env.entry_point.kind != EntryPointKind::command)
    spec.sources.emplace_back("python", source_of(options, "python", "the first python3 on PATH"));
  spec.smlaunch = std::filesystem::read_symlink("/proc/self/exe", error).string();
  const bool by_mpirun = choose_engine(spec.launcher, job.cluster, env.current_host) == Engine::mpirun;
  if (by_mpirun)
    if (auto found = use_open_mpi(options, spec); !found) return tl::unexpected(found.error());
  // A hyperparameter's are of no meaning to the other launchers; an option says what is wanted now.
  if (by_mpirun || spec.launcher == LauncherKind::ddp || options.mpi_options)
    if (auto read = read_mpi_options(options, spec); !read) return tl::unexpected(read.error());
  if (by_mpirun) {
    // mpirun would log in to its own machine by a name that only the container platform knows.
    if (job.cluster.hosts.size() == 1 && job.cluster.hosts.front().name == env.current_host &&
        !find_own_host({env.current_host})) {
      spec.known_by_name = false;
      spec.sources.emplace_back("mpirun_host",
                                fmt::format("localhost: {} is no name of this machine", env.current_host));
    }
  }
  spec.machines_as_planned = options.gpus_per_host.has_value();
  if (auto wished = find_smoke_wish(options, job); !wished) return tl::unexpected(wished.error());
  spec.watches_for_hangs = options.hang_timeout.has_value();
  find_network_interface(job);
  if (has_starter(spec.launcher))
    if (auto found = find_starter(options, job, spec); !found) return tl::unexpected(found.error());
  find_master_port(options, job.cluster, spec);
  if (spec.launcher == LauncherKind::mpi || spec.launcher == LauncherKind::smddp) {
    if (counts && counts->in_all && !options.processes_per_host) {
      spec.world_size = counts->in_all;
      spec.sources.emplace_back("world_size", fmt::format("hyperparameter {}", counts->in_all_key));
    }
    if (env.entry_point.kind != EntryPointKind::command) find_mpi4py(spec);
  }
  return job;
}

Result<Job> prepare_job(const Options& options, const Variables& variables) {
  auto job = begin_job(options, variables);
  if (!job) return job;
  return finish_job(options, std::move(*job));
}

void look_at_code_again(Job& job) {
  const EntryPoint& before = job.environment->entry_point;
  Environment now = *job.environment;
  now.entry_point = probe_entry_point(before.working_directory, before.name, before.arguments);
  job.environment = std::make_shared<const Environment>(std::move(now));
  job.spec.environment = job.environment;
}

Result<Job> prepare_hosts(const Options& options, const Variables& variables) {
  auto environment = read_job_environment(options, variables, Machine{});
  if (!environment) return tl::unexpected(environment.error());
  Job job;
  job.environment = *environment;
  job.spec.inherited = variables;
  std::error_code error;
  job.spec.smlaunch = std::filesystem::read_symlink("/proc/self/exe", error).string();
  for (const std::string& name : hosts_of_plan(**environment, false, (*environment)->leader)) {
    Host host;
    host.name = name;
    job.cluster.hosts.push_back(std::move(host));
  }
  auto slots = read_given_hosts(options);
  if (auto found = find_what_mpirun_needs(options, slots && slots->has_value(), job); !found)
    return tl::unexpected(found.error());
  return job;
}

Result<LaunchPlan> plan_job(const Job& job) {
  auto plan = make_plan(job.spec, job.cluster);
  if (plan) plan->hash = plan_hash(*plan);
  return plan;
}

}  // namespace smlaunch
