// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/host_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "base/signal_free_thread.hpp"
#include "launcher/remote/login_answers.hpp"
#include "launcher/remote/run_on_hosts.hpp"
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

std::optional<Outcome> check_hosts(const Options& options, const Job& job, const HostCheck& check,
                                   const std::function<int()>& serve, EventLog& events) {
  if (check.empty()) return {};
  const std::string& own = job.environment->current_host;
  RemoteRequest request = make_request(options, job, check);
  const bool runs_here = std::find(request.hosts.begin(), request.hosts.end(), own) != request.hosts.end();
  const bool has_others = request.hosts.size() > (runs_here ? 1 : 0);
  std::string own_problem;
  std::thread own_check;
  if (runs_here) own_check = start_signal_free_thread([&] { own_problem = run_host_check(check); });
  request.stop_asked = serve;
  const RemoteReport report = has_others && !job.runs_alone ? run_on_hosts(request) : RemoteReport();
  if (own_check.joinable()) own_check.join();
  if (report.stopped_by_signal != 0) return outcome_of_hosts(report, "checking the hosts");

  std::vector<CheckedHost> checked;
  if (runs_here) checked.push_back({own, own_problem});
  for (const HostReadiness& host : report.hosts) {
    if (host.name == own) continue;
    const bool is_ready = host.state == ReadyState::ready;
    checked.push_back({host.name, is_ready
                                      ? line_of_answer(host.answer, check_answer)
                                      : fmt::format("{}: {}", to_string(host.stage), to_string(host.cause))});
  }
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

}  // namespace smlaunch
