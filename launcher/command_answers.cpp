// SPDX-License-Identifier: Apache-2.0
#include "launcher/command_answers.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <string_view>
#include <utility>

#include "base/exit_codes.hpp"
#include "base/host_name.hpp"
#include "base/own_words.hpp"
#include "launcher/doctor/judge_machine.hpp"
#include "launcher/doctor/machine_facts.hpp"
#include "launcher/env_answer.hpp"
#include "launcher/job/job.hpp"
#include "launcher/job/job_environment.hpp"
#include "launcher/job/job_interface.hpp"
#include "launcher/outcome/report_error.hpp"
#include "launcher/plan/mpirun_plan.hpp"
#include "launcher/plan/plan_json.hpp"
#include "launcher/plan/render_plan.hpp"
#include "launcher/plan/render_plan_svg.hpp"
#include "launcher/plan/smoke_plan.hpp"
#include "launcher/process/exit_status.hpp"
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
#include "topology/machine_json.hpp"
#include "topology/render_topology.hpp"
#include "topology/render_topology_svg.hpp"
#include "topology/with_gpus.hpp"

namespace smlaunch {

namespace {

// An answer that cannot be written whole is no answer. `error`: an errno of stdout, or 0.
int answered(int error) {
  if (error == 0) return 0;
  // As of any program whose reader wants no more, such as head(1).
  if (error == EPIPE) end_by_signal(SIGPIPE);
  return report_error({Fault::internal, {{"stdout", "could not be written", "is the disk full?"}}});
}

int unsuitable_format(const std::string& command, const std::string& formats) {
  return report_error({Fault::usage, {{"--format", fmt::format("{} has only {}", command, formats), ""}}});
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

constexpr double doctor_wait_seconds = 15;

// Each of the hosts is asked for itself: a host that can never be ready says nothing about the others.
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

}  // namespace

int answer(const std::string& text) { return answered(write_text(1, text)); }

BaseFolder find_jobs_folder(const Options& options, const Variables& variables,
                            const Result<JobHosts>& hosts) {
  return find_base_folder(options, variables, !hosts || hosts->slots);
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
  if (report.stopped_by_signal != 0) return shell_code(Signaled{report.stopped_by_signal, false});
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

}  // namespace smlaunch
