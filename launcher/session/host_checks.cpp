// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/host_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/signal_free_thread.hpp"
#include "launcher/remote/login_answers.hpp"
#include "launcher/session/other_hosts.hpp"
#include "launcher/worker/login_command.hpp"
#include "mpi/shell_words.hpp"

namespace smlaunch {

namespace {

// What a login takes beside the check.
constexpr std::chrono::milliseconds login_bound{20000};

struct CheckedHost {
  std::string name;
  std::string problem;  // empty: it is fit
};

RemoteRequest make_request(const Options& options, const Job& job, const HostCheck& check) {
  RemoteRequest request{
      .hosts = names_of_hosts(job),
      .by_slurm = job.spec.by_slurm,
      .own_host = job.environment->current_host,
      .port = options.ssh_port,
      .login = {.command = fmt::format("{} worker {} {}", quote_shell_word(job.spec.smlaunch),
                                       host_check_argument, encode(check)),
                .version = SMLAUNCH_VERSION,
                .deadline = login_bound + check.bound()},
      .timeout = login_bound + check.bound()};
  return request;
}

std::optional<Outcome> judge_checks(const std::vector<CheckedHost>& checked, EventLog& events) {
  std::string first;
  Outcome outcome = make_failure(FailureClass::not_ready, "");
  for (const CheckedHost& host : checked) {
    events.add({.event = "host_check",
                .host = host.name,
                .texts = {{"result", host.problem.empty() ? "fit" : "failed"}, {"reason", host.problem}}});
    if (host.problem.empty()) continue;
    if (first.empty()) first = fmt::format("{}: {}", host.name, host.problem);
    outcome.hosts_at_fault.push_back(host.name);
  }
  if (first.empty()) return {};
  const std::size_t others = outcome.hosts_at_fault.size() - 1;
  outcome.message =
      fmt::format("{}{}", first, others == 0 ? "" : fmt::format("; and {} more hosts are not fit", others));
  return outcome;
}

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
    runs_here_ = std::find(hosts.begin(), hosts.end(), own()) != hosts.end();
    const bool has_others = hosts.size() > (runs_here_ ? 1 : 0) && !job_.runs_alone;
    missing_ = (runs_here_ ? 1 : 0) + (has_others ? 1 : 0);
    if (missing_ == 0) return done_({});
    if (runs_here_) check_here(check);
    if (has_others)
      waits_.run_on_hosts(std::move(request), {}, [self = shared_from_this()](RemoteReport report) {
        self->report_ = std::move(report);
        self->one_is_over();
      });
  }

 private:
  [[nodiscard]] const std::string& own() const { return job_.environment->current_host; }

  // It may take long, and would hold the loop up.
  void check_here(const HostCheck& check) {
    start_signal_free_thread([self = shared_from_this(), check, &loop = waits_.loop()]() mutable {
      loop.post([self = std::move(self), problem = run_host_check(check)] {
        self->own_problem_ = problem;
        self->one_is_over();
      });
    }).detach();
  }

  void one_is_over() {
    if (--missing_ > 0) return;
    if (report_.stopped_by_signal == 0) report_.stopped_by_signal = waits_.take_stop();
    if (report_.stopped_by_signal != 0) return done_(outcome_of_hosts(report_, "checking the hosts"));
    std::vector<CheckedHost> checked;
    if (runs_here_) checked.push_back({own(), own_problem_});
    for (const HostReadiness& host : report_.hosts) {
      if (host.name == own()) continue;
      const bool is_ready = host.state == ReadyState::ready;
      checked.push_back(
          {host.name, is_ready ? line_of_answer(host.answer, check_answer)
                               : fmt::format("{}: {}", to_string(host.stage), to_string(host.cause))});
    }
    done_(judge_checks(checked, events_));
  }

  HostWaits& waits_;
  const Job& job_;
  EventLog& events_;
  std::function<void(std::optional<Outcome>)> done_;
  RemoteReport report_;
  std::string own_problem_;
  bool runs_here_ = false;
  int missing_ = 0;  // checks that are not over
};

}  // namespace

HostCheck make_host_check(const Options& options, const Job& job, bool is_another_try) {
  HostCheck check{.command = options.host_check.value_or(""), .paths = options.check_path};
  const auto& hosts = job.cluster.hosts;
  const bool any_gpu = std::any_of(hosts.begin(), hosts.end(),
                                   [](const Host& host) { return host.machine->usable_gpus() > 0; });
  if (is_another_try && any_gpu)
    check.gpu_memory_wait = std::chrono::milliseconds(static_cast<long>(options.gpu_memory_wait * 1000));
  return check;
}

void check_hosts(HostWaits& waits, const Options& options, const Job& job, const HostCheck& check,
                 EventLog& events, std::function<void(std::optional<Outcome>)> done) {
  if (check.empty()) return done({});
  std::make_shared<HostChecks>(waits, job, events, std::move(done))->begin(options, check);
}

}  // namespace smlaunch
