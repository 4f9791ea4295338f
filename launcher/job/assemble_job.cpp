// SPDX-License-Identifier: Apache-2.0
// Which source decides: option, hyperparameter, container, default.
#include <fmt/format.h>

#include "launcher/contract/framework_module.hpp"
#include "launcher/contract/process_counts.hpp"
#include "launcher/job/job.hpp"
#include "launcher/job/job_cluster.hpp"
#include "launcher/job/job_hosts.hpp"
#include "launcher/job/job_interface.hpp"
#include "launcher/job/job_launcher.hpp"
#include "launcher/job/job_mpi_options.hpp"
#include "launcher/job/job_programs.hpp"
#include "launcher/job/job_smoke.hpp"
#include "launcher/outcome/restart_on.hpp"
#include "launcher/plan/starter.hpp"
#include "launcher/progress/progress_pattern.hpp"

namespace smlaunch {

namespace {

// What every command knows of its job.
Job make_job(const Facts& facts) {
  Job job;
  job.environment = facts.environment;
  job.base = facts.base;
  job.hosts_given = facts.given_hosts.has_value();
  job.spec.environment = facts.environment;
  job.spec.inherited = facts.variables;
  job.spec.smlaunch = facts.smlaunch;
  job.self_started = facts.self_started;
  job.spec.self_started = facts.self_started.has_value();
  job.spec.by_slurm =
      facts.allocation && facts.allocation->scheduler == Scheduler::slurm && !facts.self_started;
  if (facts.base.is_of_this_job) job.spec.told_base_dir = facts.base.path;
  return job;
}

// Where the ranks' meeting port comes from; not every launcher has one.
void find_master_port(const Options& options, const Cluster& cluster,
                      const std::optional<SelfStarted>& self_started, JobSpec& spec) {
  const LauncherKind launcher = spec.launcher;
  const bool of_module = sets_master_port(spec.environment->native_framework, launcher);
  if (!of_module && !sets_rank_identity(launcher) && launcher != LauncherKind::torchrun) return;
  spec.master_port = options.master_port;
  const auto reason = why_toolkits_port(spec, cluster);
  std::string otherwise = reason ? "7777: " + *reason : "rank 0's agent picks a free one at the start";
  if (self_started && self_started->master_port && !spec.master_port) {
    spec.master_port = self_started->master_port;
    otherwise = "the environment of each host";
  }
  spec.sources.emplace_back("master_port", source_of(options, "master-port", otherwise));
}

// mpirun would log in to its own machine by a name that only the container platform knows.
void find_own_name(const Questions& ask, Job& job) {
  const std::string& current_host = job.environment->current_host;
  const auto& hosts = job.cluster.hosts;
  if (hosts.size() != 1 || hosts.front().name != current_host || ask.is_own_name(current_host)) return;
  job.spec.known_by_name = false;
  job.spec.sources.emplace_back("mpirun_host",
                                fmt::format("localhost: {} is no name of this machine", current_host));
}

// What mpirun is and what the user tells it, if the job goes by it.
Result<void> find_mpirun(const Options& options, const Questions& ask, Job& job) {
  JobSpec& spec = job.spec;
  const bool by_mpirun = choose_engine(spec, job.cluster) == Engine::mpirun;
  if (by_mpirun)
    if (auto found = use_open_mpi(ask, spec); !found) return found;
  // A hyperparameter's are of no meaning to the other launchers; an option says what is wanted now.
  const bool are_used = by_mpirun || spec.launcher == LauncherKind::ddp;
  if (are_used || options.mpi_options)
    if (auto read = read_mpi_options(options, are_used, spec); !read) return read;
  if (by_mpirun) find_own_name(ask, job);
  return {};
}

// What the scheduler has given is what there is.
Result<void> check_allocation(const Facts& facts, Job& job) {
  if (!facts.allocation) return {};
  std::vector<std::pair<std::string, int>> ranks;
  for (const Host& host : job.cluster.hosts) ranks.emplace_back(host.name, host.ranks);
  std::string asked;
  for (const auto& [name, source] : job.spec.sources)
    if (name == "processes_per_host") asked = source;
  auto sentences = check_fit(*facts.allocation, ranks, asked);
  if (!sentences) return tl::unexpected(sentences.error());
  job.spec.warnings = std::move(*sentences);
  return {};
}

// For a job that mpirun would start on its hosts: they need Open MPI as it is here, and the interface.
Result<void> find_what_mpirun_needs(const Options& options, const Questions& ask, Job& job) {
  JobSpec& spec = job.spec;
  const bool goes_by_mpirun = spec.launcher == LauncherKind::mpi || spec.launcher == LauncherKind::ddp ||
                              spec.launcher == LauncherKind::smddp ||
                              (has_starter(spec.launcher) && job.hosts_given);
  if (!goes_by_mpirun || !ask.has_mpirun()) return {};
  if (auto found = use_open_mpi(ask, spec); !found) return found;
  if (auto read = read_mpi_options(options, true, spec); !read) return read;
  find_network_interface(ask, job);
  return {};
}

}  // namespace

Result<Job> begin_job(const Options& options, const Facts& facts) {
  const Environment& env = *facts.environment;
  if (auto named = require_entry_point(env); !named) return tl::unexpected(named.error());
  Job job = make_job(facts);
  JobSpec& spec = job.spec;
  LauncherChoice choice = choose_job_launcher(options, env, job.hosts_given);
  if (job.self_started) {
    if (auto possible = take_launcher_of_self_started(options, choice); !possible)
      return tl::unexpected(possible.error());
    // A dry run shows the plan to whoever has no secret yet.
    const bool is_needed = options.command != Command::dry_run;
    if (auto known = check_job_token(options.job_token, job.self_started->may_use_munge); !known && is_needed)
      return tl::unexpected(known.error());
  }
  spec.launcher = choice.kind;
  spec.sources.emplace_back("launcher", choice.source);
  if (env.program_source) spec.sources.emplace_back("entry_point", *env.program_source);
  if (!env.framework_source.empty()) spec.sources.emplace_back("entry_point", env.framework_source);
  spec.sources.emplace_back("base_dir", facts.base.source);
  spec.sources.emplace_back(
      "hosts",
      !facts.hosts_source.empty()
          ? facts.hosts_source
          : source_of(options, "resource-config", (env.paths.input_config / "resourceconfig.json").string()));
  spec.bind = options.bind;
  spec.sources.emplace_back("bind", source_of(options, "bind", "default"));
  spec.ssh_port = options.ssh_port;
  spec.keeps_ssh_open = true;

  job.runs_alone = !job.self_started && runs_by_itself(spec.launcher, env, job.hosts_given);
  if (job.runs_alone && env.current_host.empty())
    return failure(Fault::usage, "--launcher process", "runs on this machine, which is none of the hosts",
                   "run it on one of them, or name this one with --current-host");
  if (job.runs_alone && !starts_its_part(spec.launcher, env, job.hosts_given))
    spec.launcher = LauncherKind::process;
  if (options.progress)
    if (const auto pattern =
            ProgressPattern::parse(*options.progress, source_of(options, "progress", "--progress"));
        !pattern)
      return tl::unexpected(pattern.error());
  if (const auto on = parse_restart_on(options.restart_on, source_of(options, "restart-on", "--restart-on"));
      !on)
    return tl::unexpected(on.error());
  if (options.python && options.python->empty())
    return failure(Fault::usage, source_of(options, "python", "--python"), "names no file",
                   "name the job's interpreter");
  spec.python = facts.python;
  return job;
}

Result<Job> finish_job(const Options& options, const Facts& facts, Job job) {
  const Environment& env = *job.environment;
  JobSpec& spec = job.spec;
  if (options.max_restarts > 0 && job.runs_alone && has_starter(spec.launcher) &&
      hosts_together(env).size() > 1)
    return failure(Fault::usage, source_of(options, "max-restarts", "--max-restarts"),
                   fmt::format("each host starts {} by itself here, and no one starts them all again",
                               to_string(spec.launcher)),
                   "leave it out, or take --launcher ddp");
  std::vector<std::string> hosts = hosts_of_plan(env, job.runs_alone);
  if (auto aside = set_spare_hosts_aside(options, hosts, job); !aside) return tl::unexpected(aside.error());
  const auto counts = parse_process_counts(env, spec.launcher);
  if (!counts && !options.processes_per_host) return tl::unexpected(counts.error());
  auto machines = make_cluster(options, facts, spec.launcher, counts.value_or(ProcessCounts()), hosts,
                               job.spare_hosts, spec.sources);
  if (!machines) return tl::unexpected(machines.error());
  job.cluster = std::move(machines->cluster);
  job.domains = std::move(machines->domains);
  if (auto fits = check_allocation(facts, job); !fits) return tl::unexpected(fits.error());
  if (auto fits = check_ranks_of_xla(options, spec.launcher, job.cluster); !fits)
    return tl::unexpected(fits.error());

  if (env.entry_point.kind != EntryPointKind::command)
    spec.sources.emplace_back("python", source_of(options, "python", "the first python3 on PATH"));
  if (auto found = find_mpirun(options, facts.ask, job); !found) return tl::unexpected(found.error());
  keep_domains_together(facts, job);
  spec.machines_as_planned = options.gpus_per_host.has_value();
  spec.machines_chosen = options.gpus_per_host || !options.topology.empty();
  if (auto wished = find_smoke_wish(options, facts, job); !wished) return tl::unexpected(wished.error());
  spec.watches_for_hangs = options.hang_timeout || options.start_timeout;
  find_network_interface(facts.ask, job);
  if (has_starter(spec.launcher))
    if (auto found = find_starter(options, facts.ask, job); !found) return tl::unexpected(found.error());
  find_master_port(options, job.cluster, job.self_started, spec);
  if (spec.launcher == LauncherKind::mpi || spec.launcher == LauncherKind::smddp) {
    if (counts && counts->in_all && !options.processes_per_host) {
      spec.world_size = counts->in_all;
      spec.sources.emplace_back("world_size", fmt::format("hyperparameter {}", counts->in_all_key));
    }
    if (env.entry_point.kind != EntryPointKind::command) find_mpi4py(facts.ask, spec);
  }
  if (auto fine = check_wishes_of_tries(options, job); !fine) return tl::unexpected(fine.error());
  return job;
}

Result<Job> assemble_job(const Options& options, const Facts& facts) {
  auto job = begin_job(options, facts);
  if (!job) return job;
  return finish_job(options, facts, std::move(*job));
}

Result<Job> assemble_hosts(const Options& options, const Facts& facts) {
  Job job = make_job(facts);
  job.spec.launcher = choose_job_launcher(options, *facts.environment, job.hosts_given).kind;
  for (const std::string& name : hosts_of_plan(*facts.environment, false)) {
    Host host;
    host.name = name;
    job.cluster.hosts.push_back(std::move(host));
  }
  if (auto found = find_what_mpirun_needs(options, facts.ask, job); !found)
    return tl::unexpected(found.error());
  return job;
}

}  // namespace smlaunch
