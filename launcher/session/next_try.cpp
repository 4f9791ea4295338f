// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/own_words.hpp"
#include "launcher/job/job_cluster.hpp"
#include "launcher/outcome/job_result.hpp"
#include "launcher/process/stop_signals.hpp"
#include "launcher/session/job_tries.hpp"

namespace smlaunch {

namespace {

// A signal that comes meanwhile waits for the next try, which ends by it at once.
void wait(std::chrono::milliseconds time) {
  constexpr std::chrono::milliseconds interval{50};
  for (; time.count() > 0 && !is_stop_pending(); time -= interval) std::this_thread::sleep_for(interval);
}

}  // namespace

// The failure is told now, since the next try may succeed.
Result<void> JobTries::prepare_next(const Report& failed, const RestartDecision& decision) {
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
  const auto replaced = replace_hosts(job_.cluster, job_.spare_hosts, outcome.hosts_at_fault,
                                      job_.environment->leader, job_.domains);
  for (const Replacement& each : replaced)
    say("{} takes the place of {}{}", each.spare, each.lost,
        each.is_of_domain ? ": it is in the same NVLink domain" : "");
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

std::vector<std::string> JobTries::drop_beyond_need(Cluster& cluster,
                                                    const std::vector<std::string>& at_fault) const {
  if (!policy_.min_hosts) return {};
  return drop_hosts(cluster, at_fault, policy_.leader, *policy_.min_hosts);
}

// Where the user allows it, and no spare has taken their places.
std::vector<std::string> JobTries::go_on_with_fewer(const std::vector<std::string>& at_fault) {
  auto dropped = drop_beyond_need(job_.cluster, at_fault);
  for (const std::string& name : dropped)
    say("the job goes on without {} (--min-hosts {})", name, *policy_.min_hosts);
  if (!dropped.empty())
    job_.spec.sources.emplace_back("world_size", fmt::format("--min-hosts {}: without {}", *policy_.min_hosts,
                                                             fmt::join(dropped, ", ")));
  return dropped;
}

}  // namespace smlaunch
