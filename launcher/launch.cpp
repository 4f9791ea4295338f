// SPDX-License-Identifier: Apache-2.0
// The story: options, then the job, its plan, and either the plan on stdout or the run.
#include "launcher/launch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
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
#include "launcher/contract/local_job.hpp"
#include "launcher/doctor/judge_machine.hpp"
#include "launcher/doctor/machine_facts.hpp"
#include "launcher/env_answer.hpp"
#include "launcher/job/base_folder.hpp"
#include "launcher/job/facts.hpp"
#include "launcher/job/find_job_hosts.hpp"
#include "launcher/job/job.hpp"
#include "launcher/job/job_environment.hpp"
#include "launcher/job/job_interface.hpp"
#include "launcher/options/cli.hpp"
#include "launcher/options/help.hpp"
#include "launcher/outcome/job_result.hpp"
#include "launcher/outcome/outcome.hpp"
#include "launcher/outcome/report_error.hpp"
#include "launcher/plan/mpirun_plan.hpp"
#include "launcher/plan/plan_json.hpp"
#include "launcher/plan/render_plan.hpp"
#include "launcher/plan/render_plan_svg.hpp"
#include "launcher/plan/smoke_plan.hpp"
#include "launcher/plan/starter.hpp"
#include "launcher/process/agent_variables.hpp"
#include "launcher/process/child_process.hpp"
#include "launcher/process/stop_signals.hpp"
#include "launcher/remote/ready_display.hpp"
#include "launcher/remote/ready_json.hpp"
#include "launcher/remote/render_ready.hpp"
#include "launcher/report_answer.hpp"
#include "launcher/session/job_code.hpp"
#include "launcher/session/other_hosts.hpp"
#include "launcher/session/run_job.hpp"
#include "launcher/session/watched_job.hpp"
#include "launcher/session/worker_job.hpp"
#include "launcher/status_answer.hpp"
#include "launcher/this_host/own_host.hpp"
#include "launcher/this_host/probe_host_gpus.hpp"
#include "launcher/worker/login_command.hpp"
#include "topology/hwloc_plugins.hpp"
#include "topology/machine_json.hpp"
#include "topology/render_topology.hpp"
#include "topology/render_topology_svg.hpp"
#include "topology/with_gpus.hpp"

namespace smlaunch {

namespace {

#ifdef __clang__
constexpr const char* compiler = __VERSION__;
#else
constexpr const char* compiler = "g++ " __VERSION__;
#endif

// An answer that cannot be written whole is no answer. `error`: an errno of stdout, or 0.
int answered(int error) {
  if (error == 0) return 0;
  // As of any program whose reader wants no more, such as head(1).
  if (error == EPIPE) end_by_signal(SIGPIPE);
  return report_error({Fault::internal, {{"stdout", "could not be written", "is the disk full?"}}});
}

int answer(const std::string& text) { return answered(write_text(1, text)); }

int unsuitable_format(const std::string& command, const std::string& formats) {
  return report_error({Fault::usage, {{"--format", fmt::format("{} has only {}", command, formats), ""}}});
}

std::string made_of() {
  return fmt::format("C++{} by {}, fmt {}.{}.{}", __cplusplus / 100 % 100, compiler, FMT_VERSION / 10000,
                     FMT_VERSION / 100 % 100, FMT_VERSION % 100);
}

int show_topology(const Options& options) {
  if (options.format == Format::shell) return unsuitable_format("topology", "text, json and svg");
  if (options.topology.size() > 1)
    return report_error({Fault::usage, {{"--topology", "topology shows one machine", "give one FILE"}}});
  auto machine =
      options.topology.empty() ? probe_job_machine(options) : read_machine_file(options.topology.front());
  if (!machine) return report_error(machine.error());
  if (!options.topology.empty() && options.gpus_per_host)
    machine = with_gpus(std::move(*machine), *options.gpus_per_host);
  if (options.format == Format::json) return answer(render_machine_json(*machine));
  if (options.format == Format::svg) return answer(render_topology_svg(*machine));
  return answer(render_topology(*machine));
}

// A job whose hosts cannot be read has no folder of its own.
BaseFolder find_jobs_folder(const Options& options, const Variables& variables,
                            const Result<JobHosts>& hosts) {
  return find_base_folder(options, variables, !hosts || hosts->slots);
}

// Each command reads the hosts once: their files may be pipes.
Result<Facts> read_job_facts(const Options& options, const Variables& variables,
                             const Result<JobHosts>& hosts) {
  if (!hosts) return tl::unexpected(hosts.error());
  return read_facts(options, variables, find_jobs_folder(options, variables, hosts), *hosts);
}
Result<Facts> read_job_facts(const Options& options, const Variables& variables) {
  return read_job_facts(options, variables, find_job_hosts(options, variables));
}

int show_env(const Options& options, const Variables& variables) {
  if (options.format == Format::svg) return unsuitable_format("env", "text, json and shell");
  auto facts = read_job_facts(options, variables);
  if (!facts) return report_error(facts.error());
  const Environment& environment = *facts->environment;
  const EnvAnswer made = render_env(environment, choose_launcher(environment), options.format);
  if (const std::string warning = render_left_out(made); !warning.empty()) say("warning: {}", warning);
  return answer(made.text);
}

int show_plan(const Options& options, const Variables& variables, const Result<JobHosts>& hosts) {
  if (options.format == Format::shell) return unsuitable_format("--dry-run", "text, json and svg");
  auto facts = read_job_facts(options, variables, hosts);
  if (!facts) return report_error(facts.error());
  auto job = assemble_job(options, *facts);
  if (!job) return report_error(job.error());
  if (const std::string code = describe_code(options, *job); !code.empty())
    job->spec.sources.emplace_back("code", code);
  auto plan = plan_job(*job);
  if (!plan) return report_error(plan.error());
  if (auto usable = check_planned_interface(options, *plan); !usable) return report_error(usable.error());
  if (options.format == Format::svg) return answer(render_plan_svg(*plan));
  if (options.format == Format::json) {
    int error = 0;
    write_plan_json(*plan,
                    [&](std::string_view piece) { error = error == 0 ? write_text(1, piece) : error; });
    return answered(error);
  }
  return answer(render_plan(*plan, options.verbose ? PlanDetail::all : PlanDetail::folded));
}

int show_ready(const Options& options, const Variables& variables) {
  if (options.format != Format::text && options.format != Format::json)
    return unsuitable_format("ready", "text and json");
  auto facts = read_job_facts(options, variables);
  if (!facts) return report_error(facts.error());
  if (facts->self_started)
    return report_error({Fault::usage,
                         {{"ready", "asks hosts by SSH, and these start themselves",
                           "start the job: it says which hosts have not come"}}});
  auto job = assemble_hosts(options, *facts);
  if (!job) return report_error(job.error());
  const Engine engine = choose_engine(job->spec, job->cluster);
  const auto wanted = find_wanted_interfaces(job->spec, engine, job->cluster.hosts.size() > 1);
  const RemoteReport report = run_shown(options.quiet, make_ready_request(options, *job, "", wanted));
  const int written =
      answer(options.format == Format::json ? render_ready_json(report) : render_ready_answer(report));
  if (written != 0) return written;
  if (report.stopped_by_signal != 0) return 128 + report.stopped_by_signal;
  return report.ready ? 0 : exit_codes::not_ready;
}

int show_smoke(const Options& given, const Variables& variables) {
  if (given.format != Format::text && given.format != Format::json)
    return unsuitable_format("smoke", "text and json, and --matrix for a picture");
  Options options = given;
  if (!options.entry_point) options.entry_point = {"true"};  // no program of the job's runs
  auto facts = read_job_facts(options, variables);
  if (!facts) return report_error(facts.error());
  auto job = assemble_job(options, *facts);
  if (!job) return report_error(job.error());
  if (job->is_worker()) return run_as_worker(options, *job);
  auto plan = plan_job(*job);
  if (!plan) return report_error(plan.error());
  if (!plan->smoke)
    return report_error({Fault::usage, {{"smoke", fmt::format("is off: {}", plan->smoke_reason), ""}}});
  WatchedJob watched(options, *job);
  return watched.ended(run_job(options, *job, *plan, HostCode{}, watched.board()));
}

int show_report(const Options& options, const Variables& variables) {
  if (options.format != Format::text) return unsuitable_format("report", "text, and --html for a page");
  const auto text = make_report_answer(options, find_base_folder(options, variables, false).path);
  return text ? answer(*text) : report_error(text.error());
}

int show_status(const Options& options) {
  if (options.format != Format::text && options.format != Format::json)
    return unsuitable_format("status", "text and json");
  const auto text = make_status_answer(options, own_private_places());
  return text ? answer(*text) : report_error(text.error());
}

constexpr double doctor_wait_seconds = 15;

// Each of the hosts is asked for itself: one that can never be ready says nothing about the others.
Result<std::vector<DoctorRow>> ask_hosts(const Options& given, const Variables& variables) {
  Options options = given;
  if (!options.sources.contains("ready-timeout")) options.ready_timeout = doctor_wait_seconds;
  auto facts = read_job_facts(options, variables);
  if (!facts) return tl::unexpected(facts.error());
  auto job = assemble_hosts(options, *facts);
  if (!job) return tl::unexpected(job.error());
  RemoteRequest request = make_ready_request(options, *job, "", {});
  request.spare_hosts.insert(request.spare_hosts.begin(), request.hosts.begin(), request.hosts.end());
  request.hosts.clear();
  request.spare_wait = request.timeout;
  return judge_hosts(run_on_hosts(request).spare_hosts);
}

int show_doctor(const Options& options, const Variables& variables) {
  if (options.format != Format::text) return unsuitable_format("doctor", "text");
  std::vector<DoctorRow> findings = judge_machine(probe_machine_facts(variables));
  std::string text = render_findings(fmt::format("this machine ({})", probe_host_name()), findings);
  bool ready = true;
  if (options.hosts || options.hostfile) {
    const auto hosts = ask_hosts(options, variables);
    if (!hosts) return report_error(hosts.error());
    text += render_findings("the hosts", *hosts);
    for (const DoctorRow& host : *hosts) ready = ready && host.state == DoctorState::fine;
    findings.insert(findings.end(), hosts->begin(), hosts->end());
  }
  const int written = answer(text + render_summary(findings));
  return written != 0 || ready ? written : exit_codes::not_ready;
}

int run(const Options& options, const Variables& variables, const Result<JobHosts>& hosts, BaseFolder base) {
  const Paths paths = make_paths(base.path);
  const auto refuse = [&](const Error& error) { return report_failed_start(options, paths, error); };
  // The command line's own mistakes are no failure of a job.
  if (auto sound = check_command_line(options, hosts); !sound) return report_error(sound.error());
  if (!hosts) return refuse(hosts.error());
  if (!base.is_made) {
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
    load_hwloc_plugins(false);
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
  load_hwloc_plugins(!options.topology.empty());
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
