// SPDX-License-Identifier: Apache-2.0
#include "launcher/run_job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "launcher/contract/efa_instances.hpp"
#include "launcher/contract/result_files.hpp"
#include "launcher/job_interface.hpp"
#include "launcher/other_hosts.hpp"
#include "launcher/own_host.hpp"
#include "launcher/plan/starter.hpp"
#include "launcher/report_error.hpp"
#include "launcher/run/event_log.hpp"
#include "launcher/run/report_json.hpp"
#include "launcher/run/runner.hpp"
#include "launcher/run/worker.hpp"
#include "launcher/run/worker_socket.hpp"
#include "launcher/run/write_file.hpp"
#include "topology/efa.hpp"
#include "topology/host_name.hpp"
#include "topology/interfaces.hpp"

namespace smlaunch {

namespace {

std::chrono::milliseconds milliseconds_of(double seconds) {
  return std::chrono::milliseconds(static_cast<long>(seconds * 1000));
}

void warn(const Error& error) {
  for (const Problem& problem : error.problems)
    fmt::print(stderr, "smlaunch: warning: {}\n", to_string(problem));
}

// The events and the report: where they were asked for, else under BASE, if there is one.
std::optional<std::filesystem::path> output_file(const std::optional<std::string>& option, const Paths& paths,
                                                 const std::string& name) {
  if (option) return *option;
  std::error_code error;
  if (!std::filesystem::is_directory(paths.base, error)) return {};
  return paths.own / name;
}

// Variables that no kernel takes lie in files of their own.
Result<void> write_long_variables(const LaunchPlan& plan) {
  const Variables all = sm_variables(*plan.job);
  for (const std::string& name : plan.long_variables) {
    const auto found = all.find(name);
    if (found == all.end()) continue;
    if (auto written = write_file(plan.job->paths.own / "env" / name, found->second); !written)
      return written;
  }
  return {};
}

// Refused before anything starts; mpirun itself would hang or say something else.
Result<void> check_network_interface(const LaunchPlan& plan) {
  if (plan.engine != Engine::mpirun || plan.network_interface.empty()) return {};
  const auto interfaces = probe_interfaces();
  const std::string problem = interface_problem(interfaces, plan.network_interface);
  if (problem.empty()) return {};
  return tl::unexpected(interface_error(plan.current_host.empty() ? probe_host_name() : plan.current_host,
                                        plan.network_interface, problem, usable_interfaces(interfaces)));
}

// A command that is missing is found when it is executed; an interpreter would start, and fail as the user's
// code.
Result<void> check_entry_point(const LaunchPlan& plan) {
  const auto& hosts = plan.cluster.hosts;
  const bool runs_here = std::any_of(hosts.begin(), hosts.end(),
                                     [&](const Host& host) { return host.name == plan.current_host; });
  if (plan.entry_point.kind != EntryPointKind::python_program || !runs_here) return {};
  const std::filesystem::path file = plan.entry_point.working_directory / plan.entry_point.name;
  std::error_code error;
  if (std::filesystem::exists(file, error) || error) return {};
  return failure(Fault::start, file.string(), "does not exist", "name a file that is there");
}

// Under torchrun and xla one process of ours stands for all ranks of its host.
Result<void> check_only_ranks(const Options& options, const LaunchPlan& plan) {
  if (!options.only_ranks) return {};
  const std::string where = source_of(options, "only-ranks", "--only-ranks");
  if (has_starter(plan.launcher))
    return failure(Fault::usage, where,
                   fmt::format("the ranks' lines come through {}, which does not tell whose they are",
                               to_string(plan.launcher)),
                   "leave it out, or take --launcher ddp");
  if (options.only_ranks->back() < plan.world_size()) return {};
  return failure(
      Fault::usage, where,
      fmt::format("there is no rank {}, they are 0 to {}", options.only_ranks->back(), plan.world_size() - 1),
      "name ranks of the job");
}

// What an earlier run in the same folders left says nothing about this one.
void remove_old_result_files(const Paths& paths) {
  std::error_code error;
  std::filesystem::remove(paths.success, error);
  std::filesystem::remove(paths.failure, error);
}

void write_result_files(const Outcome& outcome, const Paths& paths) {
  std::error_code error;
  if (!std::filesystem::is_directory(paths.base, error)) return;
  Result<void> written;
  if (outcome.kind == OutcomeKind::success) written = write_success_file(paths);
  if (outcome.kind == OutcomeKind::failure) written = write_failure_file(paths, render_failure(outcome));
  if (!written) warn(written.error());
}

void write_report(const Options& options, const Paths& paths, const Report& report) {
  const auto file = output_file(options.report, paths, "report.json");
  if (!file) return;
  if (auto written = write_file(*file, render_report(report)); !written) warn(written.error());
}

void print_last_lines(const FirstFailure& first) {
  constexpr std::size_t most = 20;
  const std::size_t begin = first.last_lines.size() > most ? first.last_lines.size() - most : 0;
  if (first.last_lines.empty() || !first.status) return;
  fmt::print(stderr, "smlaunch: the last lines of rank {} on {}:\n", first.rank.value, first.host);
  for (std::size_t i = begin; i < first.last_lines.size(); ++i)
    fmt::print(stderr, "smlaunch:   {}\n", first.last_lines[i]);
}

void print_outcome(const Options& options, const Report& report) {
  const Outcome& outcome = report.outcome;
  if (outcome.kind == OutcomeKind::success && options.quiet) return;
  std::string phases;
  for (const Phase& phase : report.phases)
    phases += fmt::format("{}{} {:.1f} s", phases.empty() ? "" : ", ", phase.name, phase.seconds);
  if (outcome.kind == OutcomeKind::success) {
    fmt::print(stderr, "smlaunch: Reporting training SUCCESS{}\n", phases.empty() ? "" : " (" + phases + ")");
    return;
  }
  if (outcome.first_failure) print_last_lines(*outcome.first_failure);
  if (!options.quiet && !phases.empty()) fmt::print(stderr, "smlaunch: {}\n", phases);
  if (outcome.kind == OutcomeKind::failure) fmt::print(stderr, "smlaunch: Reporting training FAILURE\n");
  fmt::print(stderr, "smlaunch: {}\n", outcome.message);
}

std::string first_other_host(const LaunchPlan& plan) {
  for (const Host& host : plan.cluster.hosts)
    if (host.name != plan.current_host) return host.name;
  return "";
}

Outcome worker_outcome(const WorkerResult& result, const Environment& environment, const Options& options) {
  Outcome outcome;
  outcome.kind = OutcomeKind::failure;
  if (result.stopped_by_signal != 0) {
    outcome.kind = OutcomeKind::stopped;
    outcome.exit_code = 128 + result.stopped_by_signal;
    outcome.message = fmt::format("stopped by {}", signal_name(result.stopped_by_signal));
  } else if (!result.leader_came) {
    outcome.failure_class = FailureClass::not_ready;
    outcome.exit_code = exit_codes::not_ready;
    outcome.message = fmt::format("{}, the leader, has not come to {} within {:.0f} s", environment.leader,
                                  environment.current_host, options.ready_timeout);
  } else if (result.leader_lost) {
    outcome.failure_class = FailureClass::lost_host;
    outcome.exit_code = exit_codes::lost;
    outcome.message = fmt::format(
        "{}, the leader, was lost: its smlaunch is gone, or {} has heard nothing from it for {:.0f} s",
        environment.leader, environment.current_host, options.lost_after);
  } else {
    outcome.kind = result.end.kind == "success"   ? OutcomeKind::success
                   : result.end.kind == "stopped" ? OutcomeKind::stopped
                                                  : OutcomeKind::failure;
    outcome.exit_code = result.end.exit_code;
    outcome.message = result.end.message;
  }
  return outcome;
}

}  // namespace

int run_as_worker(const Options& options, const Job& job) {
  const Paths& paths = job.environment->paths;
  remove_old_result_files(paths);
  if (!options.quiet)
    fmt::print(stderr, "smlaunch: {} waits for {} to lead, for at most {:.0f} s\n",
               job.environment->current_host, job.environment->leader, options.ready_timeout);
  WorkerSettings settings;
  settings.hosts = job.environment->hosts;
  settings.current_host = job.environment->current_host;
  settings.ssh_port = options.ssh_port;
  settings.leader_bound = milliseconds_of(options.ready_timeout);
  settings.lost_after = milliseconds_of(options.lost_after);
  settings.stop_grace = milliseconds_of(options.stop_grace);
  auto result = run_worker(settings);
  if (!result) {
    write_failed_start(options, paths, result.error());
    return report_error(result.error());
  }
  Outcome outcome = worker_outcome(*result, *job.environment, options);
  if (outcome.kind == OutcomeKind::failure && !result->end.failure.empty()) {
    if (auto written = write_failure_file(paths, result->end.failure); !written) warn(written.error());
  } else {
    write_result_files(outcome, paths);
  }
  if (!result->end.plan_hash.empty() && !options.quiet)
    fmt::print(stderr, "smlaunch: plan {}\n", result->end.plan_hash);
  print_outcome(options, Report{outcome, {}, {}, {}, result->end.plan_hash, ""});
  return outcome.exit_code;
}

void write_failed_start(const Options& options, const Paths& paths, const Error& error) {
  remove_old_result_files(paths);
  Report report;
  report.outcome.kind = OutcomeKind::failure;
  report.outcome.failure_class = error.fault == Fault::start      ? FailureClass::start
                                 : error.fault == Fault::internal ? FailureClass::internal
                                                                  : FailureClass::configuration;
  report.outcome.exit_code = exit_code_of(error.fault);
  for (const Problem& problem : error.problems)
    report.outcome.message += (report.outcome.message.empty() ? "" : "\n") + to_string(problem);
  write_result_files(report.outcome, paths);
  write_report(options, paths, report);
}

int run_job(const Options& options, const Job& job, const LaunchPlan& plan) {
  const Paths& paths = job.environment->paths;
  const auto refuse = [&](const Error& error) {
    write_failed_start(options, paths, error);
    return report_error(error);
  };
  if (auto usable = check_network_interface(plan); !usable) return refuse(usable.error());
  if (auto there = check_entry_point(plan); !there) return refuse(there.error());
  if (auto named = check_only_ranks(options, plan); !named) return refuse(named.error());
  remove_old_result_files(paths);
  EventLog events;
  if (const auto file = output_file(options.events, paths, "events.jsonl"))
    if (auto opened = events.open(*file); !opened) warn(opened.error());
  if (auto written = write_long_variables(plan); !written) return refuse(written.error());
  for (const std::string& warning : plan.warnings) fmt::print(stderr, "smlaunch: warning: {}\n", warning);
  for (const Host& host : plan.cluster.hosts) {
    if (host.name != plan.current_host || plan.launcher == LauncherKind::process ||
        host.instance_type.empty())
      continue;
    const std::string difference = describe_efa_difference(
        host.instance_type, find_efa_instance(host.instance_type) != nullptr, probe_efa_devices("/sys"));
    if (!difference.empty()) fmt::print(stderr, "smlaunch: warning: {}\n", difference);
  }
  if (!options.quiet)
    fmt::print(stderr, "smlaunch: plan {}: {} rank{} on {} host{}, launcher {}\n", plan.hash,
               plan.world_size(), plan.world_size() == 1 ? "" : "s", plan.cluster.hosts.size(),
               plan.cluster.hosts.size() == 1 ? "" : "s", to_string(plan.launcher));
  events.add({0, "start", {}, "", {{"version", SMLAUNCH_VERSION}}, {}});
  events.add({0,
              "plan",
              {},
              "",
              {{"hash", plan.hash}, {"launcher", to_string(plan.launcher)}},
              {{"ranks", plan.world_size()}}});

  RunSettings settings;
  settings.failure_grace = milliseconds_of(options.failure_grace);
  settings.stop_grace = milliseconds_of(options.stop_grace);
  settings.lost_after = milliseconds_of(options.lost_after);
  settings.channel_port = options.channel_port.value_or(0);
  settings.verbose = options.verbose;
  settings.output.format = options.log_format == LogFormatOption::json ? LogFormat::json : LogFormat::text;
  settings.output.only_ranks = options.only_ranks;
  if (options.log_dir) {
    auto files = LogFiles::open(*options.log_dir);
    if (!files) return refuse(files.error());
    settings.output.log_files = std::make_shared<LogFiles>(std::move(*files));
  }
  bool has_others = false;
  for (const Host& host : plan.cluster.hosts) has_others = has_others || host.name != plan.current_host;
  if (has_others) {
    settings.worker = job.hosts_given ? "" : worker_socket_name(job.environment->hosts);
    settings.channel_host = probe_own_address(plan.network_interface, first_other_host(plan));
    settings.make_ready = [&](const std::string& hand_over, const std::function<int()>& serve) {
      ReadyRequest request = make_ready_request(options, job, settings.worker);
      if (!settings.worker.empty()) request.login_input = hand_over;
      if (plan.engine == Engine::mpirun && make_private_folder())
        keep_connections(request, job.spec.ssh_control_path);
      request.stop_asked = serve;
      return wait_for_hosts(options, plan.network_interface, std::move(request), events);
    };
  }
  const LaunchPlan processes = plan_of_processes(job.spec, plan);
  auto ran = run_plan(processes, settings, events);
  if (!ran) return refuse(ran.error());

  Report report;
  report.outcome = std::move(ran->outcome);
  report.ranks = std::move(ran->ranks);
  report.phases = std::move(ran->phases);
  report.plan_hash = plan.hash;
  for (const RankPlace& place : processes.layout.ranks)
    report.hosts.push_back(plan.cluster.hosts[static_cast<std::size_t>(place.node_rank)].name);
  events.add({0,
              "outcome",
              {},
              "",
              {{"outcome", to_string(report.outcome.kind)}, {"message", report.outcome.message}},
              {{"exit_code", report.outcome.exit_code}}});
  write_result_files(report.outcome, paths);
  write_report(options, paths, report);
  print_outcome(options, report);
  return report.outcome.exit_code;
}

}  // namespace smlaunch
