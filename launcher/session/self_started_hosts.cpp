// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/self_started_hosts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "launcher/session/code_on_hosts.hpp"
#include "launcher/session/host_answers.hpp"
#include "launcher/session/other_hosts.hpp"
#include "launcher/session/run_options.hpp"

namespace smlaunch {

namespace {

// For those that are on their way: as for hosts that are reached by SSH.
constexpr std::chrono::seconds telling_bound{30};
constexpr std::chrono::seconds farewell_bound{3};

}  // namespace

std::vector<HostReadiness> judge_nodes(const std::vector<WorkerCode>& nodes, const std::string& own_host,
                                       double seconds) {
  std::vector<HostReadiness> hosts;
  for (std::size_t node_rank = 0; node_rank < nodes.size(); ++node_rank) {
    const WorkerCode& node = nodes[node_rank];
    if (node.host == own_host) continue;
    HostReadiness host;
    host.name = node.host;
    host.seconds = seconds;
    host.stage = ReadyStage::smlaunch;
    host.cause = {.trouble = HostTrouble::smlaunch_not_come,
                  .detail = fmt::format("node rank {}", node_rank)};
    host.remedy =
        "start it there, or see what it says: it must find this host by its name, and know its token";
    if (node.has_come) {
      host.stage = ReadyStage::code;
      host.cause = {.trouble = HostTrouble::code_is_prepared};
      host.remedy = "wait, or see what pip and S3 do there; --ready-timeout is the bound";
    }
    if (node.has_come && node.end && node.end->is_ready) host.state = ReadyState::ready;
    if (node.end && !node.end->is_ready) {
      host.state = ReadyState::failed;
      host.cause = {.trouble = HostTrouble::code_failed, .subject = node.end->message};
    }
    hosts.push_back(std::move(host));
  }
  return hosts;
}

void wait_for_nodes(HostWaits& waits, const Options& options, const Job& job, const FindWorkerCode& code,
                    EventLog& events, std::function<void(ReadyResult)> done) {
  const auto result = std::make_shared<ReadyResult>();
  const auto look = [&job, code, result](double seconds) {
    auto hosts = judge_nodes(code(), job.environment->current_host, seconds);
    for (const HostReadiness& host : hosts)
      if (host.state == ReadyState::waiting) {
        result->slowest_host = host.name;
        result->slowest_seconds = seconds;
      }
    return hosts;
  };
  const auto over = [&job, &events, code, result, done = std::move(done)](const RemoteReport& report) {
    add_host_events(report, events);
    if (auto failed = find_failed_code(job, code())) {
      result->outcome = std::move(failed);
    } else if (report.ready) {
      events.add({.event = "ready", .numbers = {{"hosts", static_cast<long>(report.hosts.size()) + 1}}});
    } else {
      if (report.stopped_by_signal == 0) print_ready_table(report);
      result->outcome = outcome_of_hosts(report, "waiting for the hosts");
    }
    done(std::move(*result));
  };
  waits.watch({.timeout = milliseconds_of(options.ready_timeout), .look = look}, {.is_shown = true}, over);
}

void wait_to_tell_nodes(HostWaits& waits, const Job& job, const FindWorkerCode& code, bool is_hurried,
                        std::function<void()> done) {
  const auto look = [&job, code](double seconds) {
    auto hosts = judge_nodes(code(), job.environment->current_host, seconds);
    for (HostReadiness& host : hosts)
      host.state = host.stage == ReadyStage::code ? ReadyState::ready : ReadyState::waiting;
    return hosts;
  };
  waits.watch({.timeout = is_hurried ? farewell_bound : telling_bound, .look = look}, {.is_farewell = true},
              [done = std::move(done)](const RemoteReport&) { done(); });
}

}  // namespace smlaunch
