// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/own_words.hpp"
#include "launcher/channel/left_token.hpp"
#include "launcher/channel/worker_socket.hpp"
#include "launcher/job/job_cluster.hpp"
#include "launcher/leader/runner.hpp"
#include "launcher/outcome/job_result.hpp"
#include "launcher/remote/waiting_words.hpp"
#include "launcher/session/await_hosts.hpp"
#include "launcher/session/host_checks.hpp"
#include "launcher/session/host_names.hpp"
#include "launcher/session/job_tries.hpp"
#include "launcher/session/lost_hosts.hpp"
#include "launcher/session/other_hosts.hpp"
#include "launcher/session/run_options.hpp"
#include "launcher/session/self_started_hosts.hpp"
#include "launcher/this_host/own_host.hpp"
#include "topology/interfaces.hpp"

namespace smlaunch {

std::string first_other_host(const LaunchPlan& plan) {
  for (const Host& host : plan.cluster.hosts)
    if (host.name != plan.current_host) return host.name;
  return plan.spare_hosts.empty() ? "" : plan.spare_hosts.front();
}

void JobTries::note_hosts(const RemoteReport& report) {
  const auto ready = std::count_if(report.hosts.begin(), report.hosts.end(),
                                   [](const HostReadiness& host) { return host.state == ReadyState::ready; });
  board_.note([ready](JobStatus& status) { status.hosts_ready = static_cast<int>(ready); });
}

void JobTries::note_tokens(const RemoteReport& report) {
  for (const auto* hosts : {&report.hosts, &report.spare_hosts})
    for (const HostReadiness& host : *hosts)
      if (host.state == ReadyState::ready && host.name != job_.environment->current_host)
        with_token_.insert(host.name);
}

RunSettings JobTries::make_settings(TryLoop& on) {
  HostWaits& waits = on.waits;
  RunSettings settings = run_settings_of(options_);
  settings.board = &board_;
  settings.restart_count = restarts_;
  settings.is_tried_again = [this](const Outcome& outcome) { return is_tried_again(outcome, policy_); };
  settings.find_left_out = [this](const Outcome& outcome) {
    Cluster cluster = job_.cluster;
    std::vector<std::string> spares = job_.spare_hosts;
    replace_hosts(cluster, spares, outcome.hosts_at_fault, policy_.leader, job_.domains);
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
  if (connections_) {
    settings.ssh_folder = connections_->folder();
    if (connections_->takes_our_client()) {
      on.waiting_logins.emplace(on.loop, connections_->folder());
      settings.files_of_logins = files_of_waiting_logins(plan_.cluster.hosts.size() - 1);
    }
  }
  settings.spare_hosts = plan_.spare_hosts;
  settings.worker = job_.hosts_given ? "" : worker_socket_name(job_.environment->hosts);
  settings.channel_host = probe_own_address(plan_.network_interface, first_other_host(plan_));
  settings.find_lost_hosts = [this, &on](auto done) { on.lost_hosts.find(options_, job_, std::move(done)); };
  settings.find_unconnected = [this](const std::set<std::string>& peers) {
    return find_unconnected_hosts(job_, peers);
  };
  // The checks on the CPU are mpirun's, whatever starts the job.
  const bool by_mpirun = plan_.engine == Engine::mpirun || plan_.smoke.has_value();
  settings.make_ready = [this, &on, &waits, check, by_mpirun, worker = settings.worker](
                            const std::string& hand_over, const FindWorkerCode& code, auto done) {
    RemoteRequest request = make_ready_request(options_, job_, worker, plan_.wanted_interfaces, by_mpirun);
    if (by_mpirun || !worker.empty()) request.login.input = hand_over;
    // mpirun may not know its own host by the name that the job gives it, and log in there.
    if (by_mpirun) {
      has_own_token_ = true;
      if (auto left = leave_handed_token(hand_over); !left) warn(left.error());
    }
    if (connections_) {
      keep_connections(request, connections_->control_path());
      if (on.waiting_logins) request.login.waiting = &*on.waiting_logins;
    }
    with_token_.clear();
    request.progress = [this, by_mpirun](const RemoteReport& report) {
      note_hosts(report);
      if (by_mpirun) note_tokens(report);
    };
    await_hosts(waits, options_, job_, plan_,
                {.request = std::move(request),
                 .farewell = farewell_command(job_, worker),
                 .check = check,
                 .first_other_host = first_other_host(plan_)},
                code, events_, std::move(done));
  };
  return settings;
}

// The other hosts learn it from us: there is no job.
void JobTries::tell_others(const Outcome& outcome) {
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

}  // namespace smlaunch
