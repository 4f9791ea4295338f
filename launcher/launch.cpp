// SPDX-License-Identifier: Apache-2.0
// The story: options, then the job, its plan, and either the plan on stdout or the run.
#include "launcher/launch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <optional>

#include "base/host_name.hpp"
#include "base/own_words.hpp"
#include "launcher/agent/rank_agent.hpp"
#include "launcher/agent/rank_of_starter.hpp"
#include "launcher/checks/mpi_check.hpp"
#include "launcher/checks/nccl_check_program.hpp"
#include "launcher/code/prepare_code.hpp"
#include "launcher/command_answers.hpp"
#include "launcher/contract/local_job.hpp"
#include "launcher/doctor/judge_machine.hpp"
#include "launcher/doctor/machine_facts.hpp"
#include "launcher/job/base_folder.hpp"
#include "launcher/job/facts.hpp"
#include "launcher/job/find_job_hosts.hpp"
#include "launcher/job/job.hpp"
#include "launcher/job/job_environment.hpp"
#include "launcher/options/cli.hpp"
#include "launcher/options/help.hpp"
#include "launcher/outcome/job_result.hpp"
#include "launcher/outcome/outcome.hpp"
#include "launcher/outcome/report_error.hpp"
#include "launcher/plan/smoke_plan.hpp"
#include "launcher/plan/starter.hpp"
#include "launcher/process/agent_variables.hpp"
#include "launcher/process/child_process.hpp"
#include "launcher/session/check_plan.hpp"
#include "launcher/session/job_code.hpp"
#include "launcher/session/run_job.hpp"
#include "launcher/session/watched_job.hpp"
#include "launcher/session/worker_job.hpp"
#include "launcher/this_host/probe_host_gpus.hpp"
#include "launcher/worker/login_command.hpp"
#include "topology/hwloc_plugins.hpp"

namespace smlaunch {

namespace {

#ifdef __clang__
constexpr const char* compiler = __VERSION__;
#else
constexpr const char* compiler = "g++ " __VERSION__;
#endif

std::string made_of() {
  return fmt::format("C++{} by {}, fmt {}.{}.{}", __cplusplus / 100 % 100, compiler, FMT_VERSION / 10000,
                     FMT_VERSION / 100 % 100, FMT_VERSION % 100);
}

int run(const Options& options, const Variables& variables, const Result<JobHosts>& hosts, BaseFolder base) {
  const Paths paths = make_paths(base.path);
  const auto refuse = [&](const Error& error) { return report_failed_start(options, paths, error); };
  // The command line's own mistakes are no failure of a job.
  if (auto sound = check_command_line(options, hosts); !sound) return report_error(sound.error());
  if (!hosts) return refuse(hosts.error());
  if (!base.is_made) {
    // A slip of the hand leaves no folder.
    if (const auto typed = probe_typed_program(options, variables))
      if (auto there = check_entry_point(*typed); !there) return report_error(there.error());
    say("there is no /opt/ml and no host is named: the job's folder is {}", base.path);
    if (auto made = make_local_job(paths, probe_host_name()); !made) return refuse(made.error());
    base.is_made = true;
  }
  auto facts = read_facts(options, variables, base, *hosts);
  if (!facts) return refuse(facts.error());
  auto job = begin_job(options, *facts);
  if (!job) return refuse(job.error());
  // A host that does not lead prepares its code while it waits for the leader.
  HostCode code;
  std::optional<WatchedJob> watched;
  if (!job->is_worker()) {
    watched.emplace(options, *job);
    code = prepare_code_here(options, *job);
  }
  job = finish_job(options, *facts, std::move(*job));
  if (!job && code.outcome) return report_unstarted(options, paths, *code.outcome);
  if (!job) return refuse(job.error());
  if (job->is_worker()) return run_as_worker(options, *job);
  auto plan = plan_job(*job);
  if (!plan && code.outcome) return report_unstarted(options, paths, *code.outcome);
  if (!plan) return refuse(plan.error());
  return watched->ended(run_job(options, *job, *plan, code, watched->board()));
}

Error internal_error(const std::exception& error) {
  return {Fault::internal, {{"internal error", error.what(), "please report it with the command line"}}};
}

// A job that we fail has failed, too.
int run_whatever_happens(const Options& options, const Variables& variables, const Result<JobHosts>& hosts) {
  const BaseFolder base = find_jobs_folder(options, variables, hosts);
  try {
    return run(options, variables, hosts, base);
  } catch (const std::exception& error) {
    return report_failed_start(options, make_paths(base.path), internal_error(error));
  }
}

int plan_or_run(const Options& options, const Variables& variables) {
  const Result<JobHosts> hosts = find_job_hosts(options, variables);
  if (!options.called_train &&
      is_without_job(options, variables, find_jobs_folder(options, variables, hosts))) {
    write_text(2, render_no_job());
    return exit_codes::usage;
  }
  return options.command == Command::dry_run ? show_plan(options, variables, hosts)
                                             : run_whatever_happens(options, variables, hosts);
}

// Nothing that we start, the ranks least of all, is to have it.
std::string take_job_token(Variables& variables) {
  const auto found = variables.find(job_token_variable);
  if (found == variables.end()) return "";
  std::string token = std::move(found->second);
  variables.erase(found);
  unsetenv(job_token_variable);
  return token;
}

bool is_own_check(const std::vector<std::string>& program) {
  std::error_code error;
  return program.size() > 1 && (program[1] == nccl_check_word || program[1] == mpi_check_word) &&
         program[0] == std::filesystem::read_symlink("/proc/self/exe", error);
}

int run_command(const std::vector<std::string>& command_line) {
  const std::vector<std::string> arguments = arguments_of(command_line);
  if (!arguments.empty() && arguments.front() == "rank") {
    const auto separator = std::find(arguments.begin(), arguments.end(), "--");
    const std::vector<std::string> program(separator == arguments.end() ? separator : separator + 1,
                                           arguments.end());
    if (arguments.size() > 1 && arguments[1] == of_starter_word) return run_rank_of_starter(program);
    return run_rank_agent(program, is_own_check(program));
  }
  if (arguments == std::vector<std::string>{"worker", prepare_code_argument}) return run_prepare_code();
  if (!arguments.empty() && arguments.front() == "worker")
    return run_login_command({arguments.begin() + 1, arguments.end()});
  if (!arguments.empty() && arguments.front() == nccl_check_word) return run_nccl_check();
  if (!arguments.empty() && arguments.front() == mpi_check_word) return run_mpi_check(probe_host_gpus);
  auto parsed = parse_cli(arguments);
  if (!parsed) return report_error(parsed.error());
  if (const auto* text = std::get_if<CliAnswer>(&*parsed)) return answer(text->text);
  Options& options = std::get<Options>(*parsed);
  options.called_train = is_called_train(command_line);
  load_hwloc_plugins(find_hwloc_needs(options));
  Variables variables = own_environment();
  options.job_token = take_job_token(variables);
  switch (options.command) {
    case Command::topology: return show_topology(options);
    case Command::env: return show_env(options, variables);
    case Command::dry_run:
    case Command::run: return plan_or_run(options, variables);
    case Command::ready: return show_ready(options, variables);
    case Command::smoke: return show_smoke(options, variables);
    case Command::report: return show_report(options, variables);
    case Command::status: return show_status(options);
    case Command::doctor: return show_doctor(options, variables);
    case Command::versions: return answer(render_versions(probe_machine_facts(variables), made_of()));
  }
  return exit_codes::internal;
}

}  // namespace

int run_smlaunch(const std::vector<std::string>& command_line) {
  try {
    return run_command(command_line);
  } catch (const std::exception& error) {
    return report_error(internal_error(error));
  }
}

}  // namespace smlaunch
