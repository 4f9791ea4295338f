// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/worker_job.hpp"

#include <fmt/format.h>

#include <chrono>

#include "base/host_name.hpp"
#include "base/own_words.hpp"
#include "launcher/contract/result_files.hpp"
#include "launcher/outcome/job_result.hpp"
#include "launcher/process/agent_variables.hpp"
#include "launcher/session/job_code.hpp"
#include "launcher/session/job_key.hpp"
#include "launcher/session/job_uploads.hpp"
#include "launcher/session/run_options.hpp"
#include "launcher/session/watched_job.hpp"
#include "launcher/this_host/own_host.hpp"
#include "launcher/worker/worker.hpp"
#include "topology/interfaces.hpp"

namespace smlaunch {

namespace {

// It is told at once, since the leader may come late.
void tell_failed_code(const CodeEnd& end, const Paths& paths) {
  say("{}", end.message);
  write_result_files(outcome_of_code(end), paths);
}

Outcome worker_outcome(const WorkerResult& result, const Environment& environment, const Options& options,
                       bool goes_to_leader, bool uses_munge) {
  if (result.stopped_by_signal != 0)
    return make_stopped(result.stopped_by_signal,
                        fmt::format("stopped by {}", signal_name(result.stopped_by_signal)));
  if (result.refusal)
    return make_failure(FailureClass::configuration,
                        fmt::format("{}, the leader, has turned {} away: {}", environment.leader,
                                    environment.current_host, *result.refusal));
  if (result.token_refused && uses_munge)
    return make_failure(
        FailureClass::configuration,
        fmt::format("{}, the leader, has taken no munge credential of {} within {:.0f} s: both need the same "
                    "munge key, clocks that agree, and the same user; or another job listens there",
                    environment.leader, environment.current_host, options.ready_timeout));
  if (result.token_refused)
    return make_failure(
        FailureClass::configuration,
        fmt::format("{}, the leader, has another {} than {}: it takes nobody in who does not know its own",
                    environment.leader, job_token_variable, environment.current_host));
  if (!result.leader_came && result.code_failure) return outcome_of_code(*result.code_failure);
  if (!result.leader_came && goes_to_leader)
    return make_failure(FailureClass::not_ready,
                        fmt::format("{}, the leader, was not found by {} within {:.0f} s", environment.leader,
                                    environment.current_host, options.ready_timeout));
  if (!result.leader_came)
    return make_failure(FailureClass::not_ready,
                        fmt::format("{}, the leader, has not come to {} within {:.0f} s", environment.leader,
                                    environment.current_host, options.ready_timeout));
  if (result.leader_lost)
    return make_failure(
        FailureClass::lost_host,
        fmt::format(
            "{}, the leader, was lost: its smlaunch is gone, or {} has heard nothing from it for {:.0f} s",
            environment.leader, environment.current_host, options.lost_after));
  return make_told_outcome(parse_outcome_kind(result.end.kind), result.end.exit_code, result.end.message);
}

LeaderPlace find_leader(const JobKey& key, const SelfStarted& hosts) {
  const std::string& leader = hosts.names.front();
  std::function<std::optional<ChannelKey>()> make_key;
  if (key.munge) make_key = [munge = key.munge, job = hosts.job] { return munge->make_key(job); };
  return {.host = leader,
          .port = hosts.channel_port,
          .token = key.token,
          .make_key = make_key,
          .node_rank = hosts.node_rank,
          .nodes = static_cast<int>(hosts.names.size()),
          .find_interface = [leader] {
            NameBook names(std::chrono::seconds(2));
            return choose_interface(probe_interfaces(), probe_routes({leader}, names)).name;
          }};
}

}  // namespace

int run_as_worker(const Options& options, const Job& job) {
  const Paths& paths = job.environment->paths;
  const auto key = find_job_key(options, job);
  if (!key) return report_failed_start(options, paths, key.error());
  const bool only_smoke = options.command == Command::smoke;
  if (!only_smoke) remove_old_result_files(paths);
  if (!options.quiet)
    say("{} {} {} to lead, for at most {:.0f} s", job.environment->current_host,
        job.self_started ? "looks for" : "waits for", job.environment->leader, options.ready_timeout);
  JobUploads uploads(options);
  if (!only_smoke)
    if (auto started = uploads.start(*job.environment, job.spec.inherited); !started)
      return report_failed_start(options, paths, started.error());
  WorkerSettings settings;
  settings.hosts = job.environment->hosts;
  settings.current_host = job.environment->current_host;
  settings.ssh_port = options.ssh_port;
  settings.own_name = probe_host_name();
  if (job.self_started) settings.leader = find_leader(*key, *job.self_started);
  settings.leader_bound = milliseconds_of(options.ready_timeout);
  settings.lost_after = milliseconds_of(options.lost_after);
  settings.leader_wait = milliseconds_of(options.leader_wait);
  settings.stop_grace = milliseconds_of(options.stop_grace);
  settings.failure_grace = milliseconds_of(options.failure_grace);
  WatchedJob watched(options, job);
  const auto note_stage = [&watched](JobStage stage) {
    watched.board().note([stage](JobStatus& status) { status.stage = stage; });
  };
  settings.leader_came = [&] { note_stage(JobStage::run); };
  settings.tried_again = [&] {
    remove_old_result_files(paths);
    note_stage(JobStage::ready);
    watched.board().note([](JobStatus& status) { ++status.restarts; });
  };
  settings.board = &watched.board();
  settings.code = make_code_request(options, job);
  settings.code_failed = [&](const CodeEnd& end) { tell_failed_code(end, paths); };
  auto result = run_worker(settings);
  if (!result) return report_failed_start(options, paths, result.error());
  Outcome outcome =
      worker_outcome(*result, *job.environment, options, job.self_started.has_value(), key->munge != nullptr);
  if (only_smoke) {
    if (outcome.kind != OutcomeKind::success) say("{}", outcome.message);
    return outcome.exit_code;
  }
  if (outcome.kind == OutcomeKind::failure && !result->end.failure.empty()) {
    if (auto written = write_failure_file(paths, result->end.failure); !written) warn(written.error());
  } else {
    write_result_files(outcome, paths);
  }
  if (!result->end.plan_hash.empty() && !options.quiet) say("plan {}", result->end.plan_hash);
  Report report;
  report.outcome = outcome;
  print_outcome(options, report);
  uploads.finish(result->stop_asked);
  return outcome.exit_code;
}

}  // namespace smlaunch
