// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/host_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/own_words.hpp"
#include "launcher/remote/watch_hosts.hpp"
#include "launcher/session/host_answers.hpp"
#include "launcher/session/other_hosts.hpp"
#include "launcher/worker/bounded_program.hpp"
#include "launcher/worker/login_command.hpp"
#include "mpi/shell_words.hpp"

namespace smlaunch {

namespace {

// What a login takes beside the check.
constexpr std::chrono::milliseconds login_bound{20000};

// Checks mostly wait: more of them at once than logins that work.
constexpr std::size_t most_at_once = 64;

// Where there are more hosts than that, they come in turns.
std::chrono::milliseconds bound_of_all(std::size_t hosts, std::chrono::milliseconds of_one) {
  return of_one * static_cast<long>((hosts + most_at_once - 1) / most_at_once);
}

RemoteRequest make_request(const Options& options, const Job& job, const HostCheck& check) {
  RemoteRequest request{
      .hosts = names_of_hosts(job),
      .by_slurm = job.spec.by_slurm,
      .own_host = job.environment->current_host,
      .port = options.ssh_port,
      .login = {.command = fmt::format("{} worker {} {}", quote_shell_word(job.spec.smlaunch),
                                       host_check_argument, encode(check)),
                .version = SMLAUNCH_VERSION,
                .at_once = static_cast<int>(most_at_once),
                .deadline = login_bound + check.bound()}};
  request.timeout = bound_of_all(request.hosts.size(), request.login.deadline);
  return request;
}

// This host's, beside the logins of the others.
class OwnCheck {
 public:
  OwnCheck(const Job& job, const HostCheck& check)
      : name_(job.environment->current_host), bound_(check.bound()) {
    auto started = BoundedProgram::start({job.spec.smlaunch, "worker", host_check_argument, encode(check)},
                                         bound_ + settle_bound);
    if (started)
      program_.emplace(std::move(*started));
    else
      result_.problem = started.error().problems.front().what;
  }

  // Is it over? What it says is less than a pipe holds, so it need not be looked at while it runs.
  bool look() {
    if (!program_ || !program_->wait(std::chrono::milliseconds(0))) return !program_;
    const auto& status = program_->status();
    if (status && succeeded(*status))
      result_ = parse_host_check(program_->output());
    else
      result_.problem = status ? fmt::format("its check has {}", to_string(*status))
                               : fmt::format("its check has not ended within {} s", bound_.count() / 1000);
    program_.reset();
    return true;
  }

  // Over at its bound, whatever hangs.
  WatchRequest wait() {
    return {.timeout = bound_ + 2 * settle_bound, .look = [this](double seconds) {
              HostReadiness host{.name = name_, .seconds = seconds};
              host.state = look() ? ReadyState::ready : ReadyState::waiting;
              return std::vector<HostReadiness>{std::move(host)};
            }};
  }

  [[nodiscard]] CheckedHost result() const { return {name_, result_}; }

 private:
  static constexpr std::chrono::milliseconds settle_bound{2000};
  std::string name_;
  std::chrono::milliseconds bound_;
  std::optional<BoundedProgram> program_;
  HostCheckResult result_;
};

// The checks of the others and of this host, side by side: it is over when both are. All that it was begun with outlives
// it.
class HostChecks : public std::enable_shared_from_this<HostChecks> {
 public:
  HostChecks(HostWaits& waits, const Job& job, EventLog& events,
             std::function<void(std::optional<Outcome>)> done)
      : waits_(waits), job_(job), events_(events), done_(std::move(done)) {}

  void begin(const Options& options, const HostCheck& check) {
    RemoteRequest request = make_request(options, job_, check);
    const auto& hosts = request.hosts;
    const bool runs_here = std::find(hosts.begin(), hosts.end(), own_host()) != hosts.end();
    const bool has_others = hosts.size() > (runs_here ? 1 : 0) && !job_.runs_alone;
    if (runs_here) own_.emplace(job_, check);
    if (!has_others) return others_answered({});
    waits_.run_on_hosts(std::move(request), {}, [self = shared_from_this()](RemoteReport report) {
      self->others_answered(std::move(report));
    });
  }

 private:
  [[nodiscard]] const std::string& own_host() const { return job_.environment->current_host; }

  void others_answered(RemoteReport report) {
    others_ = std::move(report);
    if (!own_ || others_.stopped_by_signal != 0) return end(others_);
    waits_.watch(own_->wait(), {},
                 [self = shared_from_this()](const RemoteReport& waited) { self->end(waited); });
  }

  void end(const RemoteReport& last) {
    if (last.stopped_by_signal != 0) {
      own_.reset();
      return done_(outcome_of_hosts(last, "checking the hosts"));
    }
    std::vector<CheckedHost> checked;
    if (own_) checked.push_back(own_->result());
    for (CheckedHost& host : read_checks(others_, own_host())) checked.push_back(std::move(host));
    for (const auto& [name, result] : checked) {
      events_.add({.event = "host_check",
                   .host = name,
                   .texts = {{"result", result.problem ? "failed" : "fit"},
                             {"reason", result.problem ? *result.problem : result.remark.value_or("")}}});
      if (result.remark) say("warning: {}: {}; the try begins all the same", name, *result.remark);
    }
    done_(judge_checks(checked));
  }

  HostWaits& waits_;
  const Job& job_;
  EventLog& events_;
  std::function<void(std::optional<Outcome>)> done_;
  RemoteReport others_;
  std::optional<OwnCheck> own_;  // nothing: no rank runs here
};

}  // namespace

HostCheck make_host_check(const Options& options, const LaunchPlan& plan, bool is_another_try) {
  HostCheck check{.command = options.host_check.value_or(""), .paths = options.check_path};
  if (!is_another_try || options.gpu_memory_wait <= 0) return check;
  std::set<std::string> gpus;
  for (const RankPlace& place : plan.layout.ranks)
    if (place.placement && place.placement->gpu)
      gpus.insert(plan.cluster.hosts[place.node_rank].machine->gpu(*place.placement->gpu).pci);
  if (gpus.empty()) return check;
  check.gpus.assign(gpus.begin(), gpus.end());
  check.gpu_memory_wait = std::chrono::milliseconds(static_cast<long>(options.gpu_memory_wait * 1000));
  return check;
}

std::vector<CheckedHost> read_checks(const RemoteReport& report, const std::string& own_host) {
  const bool is_cut_short =
      std::any_of(report.hosts.begin(), report.hosts.end(),
                  [](const HostReadiness& host) { return host.state == ReadyState::failed; });
  std::vector<CheckedHost> checked;
  for (const HostReadiness& host : report.hosts) {
    if (host.name == own_host || (is_cut_short && host.state == ReadyState::waiting)) continue;
    HostCheckResult result;
    if (host.state == ReadyState::ready)
      result = parse_host_check(host.answer);
    else
      result.problem = fmt::format("{}: {}", to_string(host.stage), to_string(host.cause));
    checked.push_back({host.name, std::move(result)});
  }
  return checked;
}

std::optional<Outcome> judge_checks(const std::vector<CheckedHost>& hosts) {
  std::optional<std::string> first;
  Outcome outcome = make_failure(FailureClass::not_ready, "");
  for (const CheckedHost& host : hosts) {
    if (!host.result.problem) continue;
    if (!first) first = fmt::format("{}: {}", host.name, *host.result.problem);
    outcome.hosts_at_fault.push_back(host.name);
  }
  if (!first) return {};
  const std::size_t others = outcome.hosts_at_fault.size() - 1;
  outcome.message = fmt::format("{}{}", *first,
                                others == 0 ? ""
                                            : fmt::format("; and {} more host{}", others,
                                                          others == 1 ? " is not fit" : "s are not fit"));
  return outcome;
}

void check_hosts(HostWaits& waits, const Options& options, const Job& job, const HostCheck& check,
                 EventLog& events, std::function<void(std::optional<Outcome>)> done) {
  if (check.empty()) return done({});
  std::make_shared<HostChecks>(waits, job, events, std::move(done))->begin(options, check);
}

}  // namespace smlaunch
