// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/host_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "base/own_words.hpp"
#include "launcher/remote/watch_hosts.hpp"
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

  // Is it over? Called now and then, so that nothing waits in its pipes.
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

  // Nothing more to wait for, or a signal has come.
  RemoteReport wait(const std::function<int()>& serve) {
    const auto look_at_it = [this](double seconds) {
      HostReadiness host{.name = name_, .seconds = seconds};
      host.state = look() ? ReadyState::ready : ReadyState::waiting;
      return std::vector<HostReadiness>{std::move(host)};
    };
    return watch_hosts({.timeout = bound_ + 2 * settle_bound, .look = look_at_it, .stop_asked = serve});
  }

  [[nodiscard]] CheckedHost result() const { return {name_, result_}; }

 private:
  static constexpr std::chrono::milliseconds settle_bound{2000};
  std::string name_;
  std::chrono::milliseconds bound_;
  std::optional<BoundedProgram> program_;
  HostCheckResult result_;
};

}  // namespace

HostCheck make_host_check(const Options& options, const LaunchPlan& plan, bool is_another_try) {
  HostCheck check{.command = options.host_check.value_or(""), .paths = options.check_path};
  if (!is_another_try || options.gpu_memory_wait <= 0) return check;
  std::set<std::string> gpus;
  for (const RankPlace& place : plan.layout.ranks)
    if (place.placement && place.placement->gpu)
      gpus.insert(plan.cluster.hosts[place.node_rank]
                      .machine->gpus[static_cast<std::size_t>(*place.placement->gpu)]
                      .pci);
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
  std::string first;
  Outcome outcome = make_failure(FailureClass::not_ready, "");
  for (const CheckedHost& host : hosts) {
    if (host.result.problem.empty()) continue;
    if (first.empty()) first = fmt::format("{}: {}", host.name, host.result.problem);
    outcome.hosts_at_fault.push_back(host.name);
  }
  if (first.empty()) return {};
  const std::size_t others = outcome.hosts_at_fault.size() - 1;
  outcome.message = fmt::format("{}{}", first,
                                others == 0 ? ""
                                            : fmt::format("; and {} more host{}", others,
                                                          others == 1 ? " is not fit" : "s are not fit"));
  return outcome;
}

std::optional<Outcome> check_hosts(const Options& options, const Job& job, const HostCheck& check,
                                   const std::function<int()>& serve, EventLog& events) {
  if (check.empty()) return {};
  const std::string& own_host = job.environment->current_host;
  RemoteRequest request = make_request(options, job, check);
  const bool runs_here =
      std::find(request.hosts.begin(), request.hosts.end(), own_host) != request.hosts.end();
  const bool has_others = request.hosts.size() > (runs_here ? 1 : 0);
  std::optional<OwnCheck> own;
  if (runs_here) own.emplace(job, check);
  request.stop_asked = [&] {
    if (own) own->look();
    return serve();
  };
  const RemoteReport report = has_others && !job.runs_alone ? run_on_hosts(request) : RemoteReport();
  if (report.stopped_by_signal != 0) return outcome_of_hosts(report, "checking the hosts");
  std::vector<CheckedHost> checked;
  if (own) {
    const RemoteReport waited = own->wait(serve);
    if (waited.stopped_by_signal != 0) return outcome_of_hosts(waited, "checking the hosts");
    checked.push_back(own->result());
  }
  for (CheckedHost& host : read_checks(report, own_host)) checked.push_back(std::move(host));
  for (const auto& [name, result] : checked) {
    events.add({.event = "host_check",
                .host = name,
                .texts = {{"result", result.problem.empty() ? "fit" : "failed"},
                          {"reason", result.problem.empty() ? result.remark : result.problem}}});
    if (!result.remark.empty()) say("warning: {}: {}; the try begins all the same", name, result.remark);
  }
  return judge_checks(checked);
}

}  // namespace smlaunch
