// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/job_tries.hpp"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <utility>

#include "base/own_words.hpp"
#include "launcher/channel/left_token.hpp"
#include "launcher/leader/runner.hpp"
#include "launcher/outcome/job_result.hpp"
#include "launcher/outcome/report_error.hpp"
#include "launcher/plan/ssh_sockets.hpp"
#include "launcher/plan/starter.hpp"
#include "launcher/session/check_plan.hpp"
#include "launcher/session/long_variables.hpp"
#include "launcher/session/other_hosts.hpp"
#include "launcher/session/smoke_files.hpp"
#include "launcher/session/smoke_request.hpp"
#include "launcher/smoke/render_smoke.hpp"

namespace smlaunch {

JobTries::JobTries(const Options& options, const Job& job, const LaunchPlan& plan, const HostCode& code,
                   StatusBoard& board)
    : options_(options), job_(job), plan_(plan), code_(code), board_(board), paths_(job.environment->paths) {
  policy_.max_restarts = only_smoke() ? 0 : options.max_restarts;
  policy_.spare_hosts = job.spare_hosts.size();
  policy_.hosts = job.cluster.hosts.size();
  policy_.leader = job.environment->leader;
  if (options.min_hosts) policy_.min_hosts = static_cast<std::size_t>(*options.min_hosts);
  // Whether it can be read was asked when the job was assembled.
  if (auto on = parse_restart_on(options.restart_on, "")) policy_.on = std::move(*on);
}

int JobTries::run() {
  auto key = find_job_key(options_, job_);
  if (key) key_ = *key;
  if (code_.outcome) return end_without_code();
  if (!key) return refuse(key.error());
  if (auto fine = check_plan(options_, plan_); !fine) return refuse(fine.error());
  if (options_.log_dir) {
    auto files = LogFiles::open(*options_.log_dir);
    if (!files) return refuse(files.error());
    log_files_ = std::make_shared<LogFiles>(std::move(*files));
  }
  if (!only_smoke()) remove_old_result_files(paths_);
  if (const auto file = events_file())
    if (auto opened = events_.open(*file); !opened) warn(opened.error());
  if (auto written = only_smoke() ? Result<void>() : write_long_variables(plan_); !written)
    return refuse(written.error());
  warn_of_plan(plan_, job_.spec.inherited);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const long unix_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  events_.add(
      {.event = "start", .texts = {{"version", SMLAUNCH_VERSION}}, .numbers = {{"unix_ms", unix_ms}}});
  while (true) {
    auto report = try_once();
    if (!report) return refuse(report.error());
    const RestartDecision decision = decide_restart(report->outcome, policy_);
    if (!decision.is_tried_again) {
      if (!decision.why_not.empty()) report->outcome.message += "; " + decision.why_not;
      return finish(std::move(*report));
    }
    if (auto prepared = prepare_next(*report, decision); !prepared) return refuse(prepared.error());
  }
}

int JobTries::refuse_before(const Error& error) {
  if (auto key = find_job_key(options_, job_)) key_ = *key;
  return refuse(error);
}

// Hosts that cannot be told within a while prepare the same code themselves.
int JobTries::end_without_code() {
  tell_others(*code_.outcome);
  return report_unstarted(options_, paths_, *code_.outcome);
}

// Hosts that come by themselves would wait for us.
int JobTries::refuse(const Error& error) {
  const int code = only_smoke() ? report_error(error) : report_failed_start(options_, paths_, error);
  if (job_.self_started && !were_told_) tell_others(make_failure(error));
  return code;
}

std::optional<std::filesystem::path> JobTries::events_file() const {
  if (only_smoke()) return options_.events;
  return output_file(options_.events, paths_, "events.jsonl");
}

void JobTries::announce() {
  board_.note([this](JobStatus& status) {
    status.plan_hash = plan_.hash;
    status.launcher = to_string(plan_.launcher);
    status.restarts = restarts_;
    status.stage = JobStage::ready;
    status.hosts_ready = 0;
  });
  if (!options_.quiet)
    say("plan {}: {} rank{} on {} host{}, launcher {}", plan_.hash, plan_.world_size(),
        plan_.world_size() == 1 ? "" : "s", plan_.cluster.hosts.size(),
        plan_.cluster.hosts.size() == 1 ? "" : "s", to_string(plan_.launcher));
  events_.add({.event = "plan",
               .texts = {{"hash", plan_.hash}, {"launcher", to_string(plan_.launcher)}},
               .numbers = {{"ranks", plan_.world_size()}}});
}

// Without these connections, a run needs one more login for each host.
void JobTries::open_connections() {
  connections_.reset();
  if (plan_.engine != Engine::mpirun || !has_other_hosts(plan_) || job_.spec.by_slurm) return;
  auto opened = SshConnections::open(job_.spec.smlaunch, choose_ssh_socket(job_.spec, plan_.cluster));
  if (!opened) return warn(opened.error());
  connections_.emplace(std::move(*opened));
}

Result<Report> JobTries::try_once() {
  announce();
  const LaunchPlan processes = plan_of_processes(job_.spec, plan_);
  open_connections();
  TryLoop on(options_.quiet);
  RunSettings settings = make_settings(on);
  auto smoke = make_smoke_request(options_, job_, plan_, restarts_ == 0);
  if (!smoke) return tl::unexpected(smoke.error());
  settings.smoke = std::move(*smoke);
  if (auto fine = check_open_files(processes, settings); !fine) return tl::unexpected(fine.error());
  auto ran = run_plan(processes, settings, events_, on.loop);
  // It has told those that had come, or has said that it cannot.
  were_told_ = !ran;
  if (!ran) return tl::unexpected(ran.error());
  stop_asked_ = ran->stop_asked;
  // Nobody reaches the other hosts, and each ends what it has started.
  if (!job_.self_started) {
    left_ = Left{.hosts = {ran->unattended_hosts.begin(), ran->unattended_hosts.end()}, .job = ran->job};
    for (const std::string& host : std::exchange(with_token_, {}))
      if (!ran->attended_hosts.contains(host)) left_->hosts.insert(host);
  }
  Report report;
  report.outcome = std::move(ran->outcome);
  report.ranks = std::move(ran->ranks);
  report.shares = std::move(ran->shares);
  report.phases = std::move(ran->phases);
  if (code_.seconds > 0 && restarts_ == 0)
    report.phases.insert(report.phases.begin(), Phase{.name = "code", .seconds = code_.seconds});
  if (ran->smoke) {
    report.smoke_json = render_smoke_json(*ran->smoke);
    write_smoke_files(options_, job_, plan_, *ran->smoke);
  }
  if (only_smoke() && !ran->smoke)
    no_smoke_ = report_not_run(settings.smoke->settings, report.outcome.message);
  smoke_ = std::move(ran->smoke);
  report.plan_hash = plan_.hash;
  report.restarts = restarts_;
  for (const RankPlace& place : processes.layout.ranks)
    report.hosts.push_back(plan_.cluster.hosts[place.node_rank].name);
  events_.add({.event = "outcome",
               .texts = {{"outcome", to_string(report.outcome.kind)}, {"message", report.outcome.message}},
               .numbers = {{"exit_code", report.outcome.exit_code}}});
  return report;
}

// Closes the connections that were kept open, and ends processes that a try has left on hosts without an
// agent or a worker, and takes away its token there.
void JobTries::clean_up() {
  connections_.reset();
  if (left_) end_job_on_hosts(options_, job_, {left_->hosts.begin(), left_->hosts.end()}, left_->job);
  if (left_ && std::exchange(has_own_token_, false)) remove_left_token(left_->job);
  left_.reset();
}

// The answer of `smlaunch smoke`. Without a result, the reason is said, and a program that reads the answer finds it
// there, too.
int JobTries::answer_smoke(const Report& report) {
  if (options_.report) write_report(options_, paths_, report);
  if (!smoke_) say("{}", report.outcome.message);
  std::string answer;
  if (options_.format == Format::json)
    answer = smoke_ ? report.smoke_json : render_smoke_json(*no_smoke_);
  else if (smoke_)
    answer = render_smoke(*smoke_);
  if (write_text(1, answer) != 0) say("stdout could not be written");
  return report.outcome.exit_code;
}

// The result is written before anything is waited for.
int JobTries::finish(Report report) {
  if (only_smoke()) {
    const int code = answer_smoke(report);
    clean_up();
    return code;
  }
  report.earlier = std::move(earlier_);
  write_result_files(report.outcome, paths_);
  write_report(options_, paths_, report);
  print_outcome(options_, report);
  clean_up();
  return report.outcome.exit_code;
}

}  // namespace smlaunch
