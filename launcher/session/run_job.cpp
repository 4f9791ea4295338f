// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/run_job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "base/host_name.hpp"
#include "base/own_words.hpp"
#include "launcher/channel/worker_socket.hpp"
#include "launcher/job/job_cluster.hpp"
#include "launcher/leader/runner.hpp"
#include "launcher/outcome/event_log.hpp"
#include "launcher/outcome/job_result.hpp"
#include "launcher/outcome/report_error.hpp"
#include "launcher/outcome/report_json.hpp"
#include "launcher/outcome/restart.hpp"
#include "launcher/plan/starter.hpp"
#include "launcher/process/stop_signals.hpp"
#include "launcher/remote/ssh_connections.hpp"
#include "launcher/session/await_hosts.hpp"
#include "launcher/session/check_plan.hpp"
#include "launcher/session/host_checks.hpp"
#include "launcher/session/host_names.hpp"
#include "launcher/session/job_key.hpp"
#include "launcher/session/job_uploads.hpp"
#include "launcher/session/long_variables.hpp"
#include "launcher/session/other_hosts.hpp"
#include "launcher/session/run_options.hpp"
#include "launcher/session/self_started_hosts.hpp"
#include "launcher/session/smoke_files.hpp"
#include "launcher/session/smoke_request.hpp"
#include "launcher/session/try_loop.hpp"
#include "launcher/smoke/render_smoke.hpp"
#include "launcher/this_host/own_host.hpp"
#include "topology/interfaces.hpp"

namespace smlaunch {

namespace {

std::string first_other_host(const LaunchPlan& plan) {
  for (const Host& host : plan.cluster.hosts)
    if (host.name != plan.current_host) return host.name;
  return plan.spare_hosts.empty() ? "" : plan.spare_hosts.front();
}

bool has_other_hosts(const LaunchPlan& plan) { return !first_other_host(plan).empty(); }

// Has one come, and is kept for whoever takes it?
bool is_stop_pending() {
  sigset_t pending;
  sigpending(&pending);
  return std::any_of(std::begin(stop_signals), std::end(stop_signals),
                     [&](int signal) { return sigismember(&pending, signal) == 1; });
}

// One job, tried until it has succeeded or may not be tried again.
class JobTries {
 public:
  JobTries(const Options& options, const Job& job, const LaunchPlan& plan, const HostCode& code,
           StatusBoard& board)
      : options_(options),
        job_(job),
        plan_(plan),
        code_(code),
        board_(board),
        paths_(job.environment->paths) {
    policy_.max_restarts = only_smoke() ? 0 : options.max_restarts;
    policy_.spare_hosts = job.spare_hosts.size();
    policy_.hosts = job.cluster.hosts.size();
    policy_.leader = job.environment->leader;
    if (options.min_hosts) policy_.min_hosts = static_cast<std::size_t>(*options.min_hosts);
    // Whether it can be read was asked when the job was assembled.
    if (auto on = parse_restart_on(options.restart_on, "")) policy_.on = std::move(*on);
  }

  // When the last try was told to stop.
  [[nodiscard]] std::optional<SteadyTime> stop_asked() const { return stop_asked_; }

  int run() {
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

  // Nothing was tried. Returns the exit code.
  int refuse_before(const Error& error) {
    if (auto key = find_job_key(options_, job_)) key_ = *key;
    return refuse(error);
  }

 private:
  // Hosts that cannot be told within a while prepare the same code themselves.
  int end_without_code() {
    tell_others(*code_.outcome);
    return report_unstarted(options_, paths_, *code_.outcome);
  }

  // The other hosts learn it from us: there is no job.
  void tell_others(const Outcome& outcome) {
    if (job_.runs_alone || !has_other_hosts(plan_) || (!job_.self_started && job_.hosts_given)) return;
    if (job_.self_started && key_.token.empty())
      return say("the other hosts wait for this one, and nobody can tell them: stop them");
    TryLoop on(options_.quiet);
    RunSettings settings = make_settings(on);
    settings.is_tried_again = nullptr;
    settings.make_ready = [this, &outcome, &waits = on.waits, worker = settings.worker](
                              const std::string& hand_over, const FindWorkerCode& code, auto done) {
      const bool is_hurried = outcome.kind == OutcomeKind::stopped;
      if (job_.self_started)
        return wait_to_tell_nodes(waits, job_, code, is_hurried,
                                  [&outcome, done] { done({.outcome = outcome}); });
      tell_hosts(waits, options_, job_, worker, hand_over, is_hurried, [this, &outcome, done] {
        done({.outcome = outcome,
              .channel_host = probe_own_address(plan_.network_interface, first_other_host(plan_))});
      });
    };
    if (auto told = run_plan(plan_, settings, events_, on.loop); !told) warn(told.error());
  }

  // Hosts that come by themselves would wait for us.
  int refuse(const Error& error) {
    const int code = only_smoke() ? report_error(error) : report_failed_start(options_, paths_, error);
    if (job_.self_started && !were_told_) tell_others(make_failure(error));
    return code;
  }

  std::optional<std::filesystem::path> events_file() const {
    if (only_smoke()) return options_.events;
    return output_file(options_.events, paths_, "events.jsonl");
  }

  void note_hosts(const RemoteReport& report) {
    const auto ready = std::count_if(report.hosts.begin(), report.hosts.end(), [](const HostReadiness& host) {
      return host.state == ReadyState::ready;
    });
    board_.note([ready](JobStatus& status) { status.hosts_ready = static_cast<int>(ready); });
  }

  void announce() {
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

  RunSettings make_settings(TryLoop& on) {
    HostWaits& waits = on.waits;
    RunSettings settings = run_settings_of(options_);
    settings.board = &board_;
    settings.restart_count = restarts_;
    settings.is_tried_again = [this](const Outcome& outcome) { return is_tried_again(outcome, policy_); };
    settings.find_left_out = [this](const Outcome& outcome) {
      Cluster cluster = job_.cluster;
      std::vector<std::string> spares = job_.spare_hosts;
      replace_hosts(cluster, spares, outcome.hosts_at_fault, policy_.leader);
      const auto dropped = drop_beyond_need(cluster, outcome.hosts_at_fault);
      return std::set<std::string>(dropped.begin(), dropped.end());
    };
    settings.output.log_files = log_files_;
    settings.output.restart_count = restarts_;
    settings.stop_ready = [&waits](int signal, StopBy by) {
      by == StopBy::us ? waits.stop(signal) : waits.stop_by_worker(signal);
    };
    const HostCheck check = make_host_check(options_, plan_, restarts_ > 0);
    if (waits_for_names(job_) || !check.empty())
      settings.make_ready = [this, &waits, check](const std::string&, const FindWorkerCode&, auto done) {
        await_names(waits, options_, job_, check, events_, std::move(done));
      };
    if (!has_other_hosts(plan_)) return settings;
    if (job_.self_started) {
      settings.job_token = key_.token;
      if (key_.munge)
        settings.find_key = [munge = key_.munge, job = job_.self_started->job](std::string_view identity) {
          return munge->find_key(identity, job);
        };
      settings.channel_port = job_.self_started->channel_port;
      settings.make_ready = [this, &waits](const std::string&, const FindWorkerCode& code, auto done) {
        wait_for_nodes(waits, options_, job_, code, events_, std::move(done));
      };
      return settings;
    }
    if (connections_) settings.ssh_folder = connections_->folder();
    settings.spare_hosts = plan_.spare_hosts;
    settings.worker = job_.hosts_given ? "" : worker_socket_name(job_.environment->hosts);
    settings.channel_host = probe_own_address(plan_.network_interface, first_other_host(plan_));
    settings.find_lost_hosts = [this, &on](auto done) {
      on.lost_hosts.find(options_, job_, std::move(done));
    };
    settings.find_unconnected = [this](const std::set<std::string>& peers) {
      return find_unconnected_hosts(job_, peers);
    };
    settings.make_ready = [this, &waits, check, worker = settings.worker](
                              const std::string& hand_over, const FindWorkerCode& code, auto done) {
      RemoteRequest request = make_ready_request(options_, job_, worker, plan_.wanted_interfaces);
      if (!worker.empty()) request.login.input = hand_over;
      if (connections_) keep_connections(request, connections_->control_path());
      request.progress = [this](const RemoteReport& report) { note_hosts(report); };
      await_hosts(
          waits, options_, job_, plan_,
          {.request = std::move(request), .check = check, .first_other_host = first_other_host(plan_)}, code,
          events_, std::move(done));
    };
    return settings;
  }

  // Without these connections, a run needs one more login for each host.
  void open_connections() {
    connections_.reset();
    if (plan_.engine != Engine::mpirun || !has_other_hosts(plan_) || job_.spec.by_slurm) return;
    auto opened = SshConnections::open(job_.spec.smlaunch);
    if (!opened) return warn(opened.error());
    connections_.emplace(std::move(*opened));
  }

  Result<Report> try_once() {
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
    if (!job_.self_started) left_ = Left{.hosts = std::move(ran->unattended_hosts), .job = ran->job};
    Report report;
    report.outcome = std::move(ran->outcome);
    report.ranks = std::move(ran->ranks);
    report.phases = std::move(ran->phases);
    if (code_.seconds > 0 && restarts_ == 0)
      report.phases.insert(report.phases.begin(), Phase{.name = "code", .seconds = code_.seconds});
    if (ran->smoke) {
      report.smoke_json = render_smoke_json(*ran->smoke);
      write_smoke_files(options_, job_, plan_, *ran->smoke);
    }
    smoke_ = std::move(ran->smoke);
    report.plan_hash = plan_.hash;
    report.restarts = restarts_;
    for (const RankPlace& place : processes.layout.ranks)
      report.hosts.push_back(plan_.cluster.hosts[place.node_rank].name);
    if (!processes.shares.empty())
      for (const RankPlace& place : processes.layout.ranks) {
        const StarterShare& share = processes.shares[place.node_rank];
        report.shares.push_back({Rank{share.first_rank}, static_cast<int>(share.placements.size())});
      }
    events_.add({.event = "outcome",
                 .texts = {{"outcome", to_string(report.outcome.kind)}, {"message", report.outcome.message}},
                 .numbers = {{"exit_code", report.outcome.exit_code}}});
    return report;
  }

  // Closes the connections that were kept open, and ends processes that a try has left on hosts without an
  // agent or a worker.
  void clean_up() {
    connections_.reset();
    if (left_) end_job_on_hosts(options_, job_, left_->hosts, left_->job);
    left_.reset();
  }

  // The failure is told now, since the next try may succeed.
  Result<void> prepare_next(const Report& failed, const RestartDecision& decision) {
    clean_up();
    const Outcome& outcome = failed.outcome;
    if (outcome.first_failure) print_last_lines(*outcome.first_failure);
    say("{}", outcome.message);
    earlier_.push_back({outcome, plan_.hash});
    const bool has_run = outcome.failure_class != FailureClass::not_ready;
    if (has_run) {
      ++restarts_;
      policy_.earlier.add(outcome);
    }
    if (decision.counts) ++policy_.restarts;
    const auto replaced =
        replace_hosts(job_.cluster, job_.spare_hosts, outcome.hosts_at_fault, job_.environment->leader);
    for (const auto& [lost, spare] : replaced) say("{} takes the place of {}", spare, lost);
    const auto dropped = go_on_with_fewer(outcome.hosts_at_fault);
    for (Host& host : job_.cluster.hosts) set_instance(host, *job_.environment);
    std::string which;
    if (decision.counts)
      which = fmt::format(" {} of {}", policy_.restarts, policy_.max_restarts);
    else if (has_run)
      which = fmt::format(", which does not count, since the job has come further ({})",
                          in_words(outcome.progress->values));
    say("restart{}: {}", which,
        !dropped.empty()   ? fmt::format("on {} hosts", job_.cluster.hosts.size())
        : replaced.empty() ? "the same plan again"
                           : "the same ranks again");
    events_.add(
        {.event = "restart", .texts = {{"message", outcome.message}}, .numbers = {{"restarts", restarts_}}});
    policy_.spare_hosts = job_.spare_hosts.size();
    policy_.hosts = job_.cluster.hosts.size();
    job_.spec.spare_hosts = job_.spare_hosts;
    remove_old_result_files(paths_);
    auto plan = plan_job(job_);
    if (!plan) return tl::unexpected(plan.error());
    plan_ = std::move(*plan);
    wait(decision.wait);
    return {};
  }

  [[nodiscard]] std::vector<std::string> drop_beyond_need(Cluster& cluster,
                                                          const std::vector<std::string>& at_fault) const {
    if (!policy_.min_hosts) return {};
    return drop_hosts(cluster, at_fault, policy_.leader, *policy_.min_hosts);
  }

  // Where the user allows it, and no spare has taken their places.
  std::vector<std::string> go_on_with_fewer(const std::vector<std::string>& at_fault) {
    auto dropped = drop_beyond_need(job_.cluster, at_fault);
    for (const std::string& name : dropped)
      say("the job goes on without {} (--min-hosts {})", name, *policy_.min_hosts);
    if (!dropped.empty())
      job_.spec.sources.emplace_back("world_size", fmt::format("--min-hosts {}: without {}",
                                                               *policy_.min_hosts, fmt::join(dropped, ", ")));
    return dropped;
  }

  // A signal that comes meanwhile waits for the next try, which ends by it at once.
  static void wait(std::chrono::milliseconds time) {
    constexpr std::chrono::milliseconds interval{50};
    for (; time.count() > 0 && !is_stop_pending(); time -= interval) std::this_thread::sleep_for(interval);
  }

  bool only_smoke() const { return options_.command == Command::smoke; }

  // The answer of `smlaunch smoke`. Without a result, its hosts were not ready, or it was stopped.
  int answer_smoke(const Report& report) {
    if (options_.report) write_report(options_, paths_, report);
    if (!smoke_) {
      say("{}", report.outcome.message);
      return report.outcome.exit_code;
    }
    const std::string answer = options_.format == Format::json ? report.smoke_json : render_smoke(*smoke_);
    if (write_text(1, answer) != 0) say("stdout could not be written");
    return report.outcome.exit_code;
  }

  // The result is written before anything is waited for.
  int finish(Report report) {
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

  // Hosts where nobody ends the processes of a try, and the marker of these processes.
  struct Left {
    std::vector<std::string> hosts;
    std::string job;
  };

  const Options& options_;
  Job job_;
  LaunchPlan plan_;
  const HostCode& code_;
  StatusBoard& board_;
  const Paths& paths_;
  JobKey key_;
  RestartPolicy policy_;
  bool were_told_ = false;  // the other hosts, of the error by which the job ends
  int restarts_ = 0;        // also those that do not count
  EventLog events_;
  std::shared_ptr<LogFiles> log_files_;
  std::vector<EarlierTry> earlier_;
  std::optional<SmokeReport> smoke_;  // of the last try
  std::optional<SshConnections> connections_;
  std::optional<Left> left_;
  std::optional<SteadyTime> stop_asked_;
};

}  // namespace

int run_job(const Options& options, const Job& job, const LaunchPlan& plan, const HostCode& code,
            StatusBoard& board) {
  JobTries tries(options, job, plan, code, board);
  if (code.outcome || options.command == Command::smoke) return tries.run();
  JobUploads uploads(options);
  if (auto started = uploads.start(*job.environment, job.spec.inherited); !started)
    return tries.refuse_before(started.error());
  const int exit_code = tries.run();
  uploads.finish(tries.stop_asked());
  return exit_code;
}

}  // namespace smlaunch
