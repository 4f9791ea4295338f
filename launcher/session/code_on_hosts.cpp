// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/code_on_hosts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>

#include "base/own_words.hpp"
#include "launcher/code/prepare_code.hpp"
#include "launcher/remote/become_program.hpp"
#include "launcher/remote/login_answers.hpp"
#include "launcher/session/host_answers.hpp"
#include "launcher/session/job_code.hpp"
#include "launcher/session/other_hosts.hpp"
#include "launcher/session/run_options.hpp"
#include "mpi/shell_words.hpp"

namespace smlaunch {

namespace {

constexpr const char* doing = "waiting for the hosts' code";

bool runs_ranks(const Job& job, const std::string& host) {
  return std::any_of(job.cluster.hosts.begin(), job.cluster.hosts.end(),
                     [&](const Host& each) { return each.name == host; });
}

std::chrono::milliseconds time_left(const Options& options, double passed) {
  return milliseconds_of(std::max(0.0, options.ready_timeout - passed));
}

HostReadiness waiting(const std::string& name) {
  return {.name = name,
          .stage = ReadyStage::code,
          .cause = {.trouble = HostTrouble::code_is_prepared},
          .remedy = "wait, or see what pip and S3 do there; --ready-timeout is the bound"};
}

std::optional<HostProblem> judge_code_answer(const std::string& answer) {
  const auto end = parse_code_answer(answer);
  if (!end)
    return HostProblem{.cause = {.trouble = HostTrouble::code_silent},
                       .remedy = "run smlaunch there by hand"};
  if (end->is_ready) return {};
  return HostProblem{.cause = {.trouble = HostTrouble::code_failed, .subject = end->message}};
}

class CodeWait : public std::enable_shared_from_this<CodeWait> {
 public:
  CodeWait(HostWaits& waits, const Options& options, const Job& job, RemoteRequest request,
           const RemoteReport& ready, FindWorkerCode find_code, EventLog& events,
           std::function<void(std::optional<Outcome>)> done)
      : waits_(waits),
        options_(options),
        job_(job),
        request_(std::move(request)),
        find_code_(std::move(find_code)),
        events_(events),
        done_(std::move(done)),
        passed_(ready.seconds) {
    const std::string& own = job.environment->current_host;
    for (const HostReadiness& host : ready.hosts) {
      if (host.name == own) continue;
      const bool has_worker = !request_.login.input.empty() && !parse_login_answers(host.answer).lacks_worker;
      (has_worker ? with_worker_ : by_login_).push_back(host.name);
    }
  }

  void begin() {
    if (with_worker_.empty()) return go_on_by_login();
    waits_.watch({.timeout = time_left(options_, passed_),
                  .look = [self = shared_from_this()](double seconds) { return self->look(seconds); }},
                 {.is_shown = true},
                 [self = shared_from_this()](const RemoteReport& report) { self->workers_told(report); });
  }

 private:
  // A worker that cannot reach us gives up after a while, and so do we: then a login prepares its host.
  std::vector<HostReadiness> look(double seconds) {
    std::map<std::string, WorkerCode> known;
    for (WorkerCode& each : find_code_()) known.emplace(each.host, std::move(each));
    std::vector<HostReadiness> hosts;
    for (const std::string& name : with_worker_) {
      const WorkerCode& code = known[name];
      HostReadiness host = waiting(name);
      has_come_[name] = has_come_[name] || code.has_come;
      const bool is_silent = !has_come_[name] && seconds > options_.lost_after;
      if (is_silent || code.is_lost || (code.end && code.end->is_ready)) host.state = ReadyState::ready;
      if (code.end && !code.end->is_ready) {
        host.state = ReadyState::failed;
        host.cause = {.trouble = HostTrouble::code_failed, .subject = code.end->message};
      }
      host.seconds = seconds;
      hosts.push_back(std::move(host));
    }
    return hosts;
  }

  void workers_told(const RemoteReport& report) {
    add_host_events(report, events_);
    if (auto failed = find_failed_code(job_, find_code_())) return done_(std::move(failed));
    if (!report.ready) return done_(give_up(report));
    for (const std::string& name : with_worker_)
      if (!has_come_[name]) by_login_.push_back(name);
    passed_ += report.seconds;
    go_on_by_login();
  }

  void go_on_by_login() {
    if (by_login_.empty() || !may_need_code(options_, job_)) return done_({});
    waits_.run_on_hosts(make_code_request(), {.is_shown = true, .shown_as = as_code_wait},
                        [self = shared_from_this()](RemoteReport report) {
                          self->logins_over(as_code_wait(std::move(report)));
                        });
  }

  void logins_over(const RemoteReport& report) {
    add_host_events(report, events_);
    for (const HostReadiness& host : report.hosts)
      if (const auto end = parse_code_answer(host.answer); end && !end->is_ready)
        return done_(outcome_of_code(*end));
    if (!report.ready) return done_(give_up(report));
    done_({});
  }

  RemoteRequest make_code_request() const {
    RemoteRequest request = request_;
    request.hosts = by_login_;
    request.spare_hosts.clear();
    request.own_host.clear();
    request.timeout = time_left(options_, passed_);
    RemoteLogin& login = request.login;
    login.waiting = nullptr;  // readiness's logins do
    login.command = fmt::format("{} worker {}", become_program(quote_shell_word(job_.spec.smlaunch)),
                                prepare_code_argument);
    login.input = encode(make_login_request());
    // Each login takes as long as pip does, and costs this machine next to nothing.
    login.deadline = request.timeout;
    login.at_once = static_cast<int>(by_login_.size());
    login.longest_answer = longest_code_answer;
    login.judge = judge_code_answer;
    return request;
  }

  CodeRequest make_login_request() const {
    CodeRequest request = describe_code_request(options_, job_);
    request.host.clear();  // each host knows its own name
    request.leader_environment = job_.spec.inherited;
    return request;
  }

  static Outcome give_up(const RemoteReport& report) {
    if (report.stopped_by_signal == 0) print_ready_table(report);
    return outcome_of_hosts(report, doing);
  }

  HostWaits& waits_;
  const Options& options_;
  const Job& job_;
  RemoteRequest request_;
  FindWorkerCode find_code_;
  EventLog& events_;
  std::function<void(std::optional<Outcome>)> done_;
  std::vector<std::string> with_worker_;
  std::vector<std::string> by_login_;
  std::map<std::string, bool> has_come_;
  double passed_;  // seconds since the wait for the hosts began
};

}  // namespace

std::optional<Outcome> find_failed_code(const Job& job, const std::vector<WorkerCode>& code) {
  for (const WorkerCode& each : code)
    if (each.end && !each.end->is_ready && runs_ranks(job, each.host)) return outcome_of_code(*each.end);
  return {};
}

RemoteReport as_code_wait(RemoteReport report) {
  for (HostReadiness& host : report.hosts) {
    if (host.login_under_way) {
      HostReadiness code = waiting(host.name);
      code.since = host.since;
      host = std::move(code);
    }
    if (host.stage == ReadyStage::smlaunch) host.stage = ReadyStage::code;
  }
  return report;
}

void drop_spares_without_code(std::vector<std::string>& spares, const std::vector<WorkerCode>& code) {
  for (const WorkerCode& each : code) {
    const auto spare = std::find(spares.begin(), spares.end(), each.host);
    if (spare == spares.end() || !each.end || each.end->is_ready) continue;
    say("warning: spare host {} is not counted on: {}", each.host, each.end->message);
    spares.erase(spare);
  }
}

void wait_for_code(HostWaits& waits, const Options& options, const Job& job, RemoteRequest request,
                   const RemoteReport& ready, FindWorkerCode find_code, EventLog& events,
                   std::function<void(std::optional<Outcome>)> done) {
  std::make_shared<CodeWait>(waits, options, job, std::move(request), ready, std::move(find_code), events,
                             std::move(done))
      ->begin();
}

}  // namespace smlaunch
