// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/host_names.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "launcher/session/other_hosts.hpp"

namespace smlaunch {

namespace {

constexpr std::chrono::minutes toolkits_bound{15};

bool is_studio_local_mode(const Variables& variables) {
  const auto found = variables.find("SM_STUDIO_LOCAL_MODE");
  if (found == variables.end()) return false;
  std::string value = found->second;
  std::transform(value.begin(), value.end(), value.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return value == "true";
}

}  // namespace

bool waits_for_names(const Job& job) {
  return job.runs_alone && !job.hosts_given && job.environment->hosts.size() > 1 &&
         !is_studio_local_mode(job.spec.inherited);
}

std::chrono::milliseconds longest_wait_for_names(const Options& options) {
  const std::chrono::milliseconds asked(static_cast<long>(options.ready_timeout * 1000));
  return std::min<std::chrono::milliseconds>(asked, toolkits_bound);
}

std::optional<Outcome> outcome_of_names(const RemoteReport& report) {
  if (report.ready) return {};
  if (report.stopped_by_signal != 0)
    return make_stopped(report.stopped_by_signal,
                        fmt::format("stopped by {} while waiting for the names of the hosts",
                                    signal_name(report.stopped_by_signal)));
  const auto is_missing = [](const HostReadiness& host) { return host.state != ReadyState::ready; };
  const auto first = std::find_if(report.hosts.begin(), report.hosts.end(), is_missing);
  return make_failure(
      FailureClass::not_ready,
      fmt::format("{} of {} host names not known after {:.1f} s; {}: {}; {}",
                  std::count_if(report.hosts.begin(), report.hosts.end(), is_missing), report.hosts.size(),
                  report.seconds, first->name, to_string(first->cause), first->remedy));
}

void wait_for_names(HostWaits& waits, const Options& options, const std::vector<std::string>& hosts,
                    EventLog& events, std::function<void(std::optional<Outcome>)> done) {
  waits.run_on_hosts({.hosts = hosts, .until = ReadyStage::name, .timeout = longest_wait_for_names(options)},
                     {.is_shown = true}, [&events, done = std::move(done)](const RemoteReport& report) {
                       add_host_events(report, events);
                       auto outcome = outcome_of_names(report);
                       if (outcome && report.stopped_by_signal == 0) print_ready_table(report);
                       done(std::move(outcome));
                     });
}

}  // namespace smlaunch
