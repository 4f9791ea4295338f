// SPDX-License-Identifier: Apache-2.0
// What the leader's run tells: to agents and workers at the beginning, to workers and its caller at the end.
#include "launcher/leader/leader_run.hpp"
#include "launcher/leader/starter_shares.hpp"

#include <fmt/format.h>

#include "launcher/outcome/failure_text.hpp"

namespace smlaunch {

namespace {

constexpr const char* own_set = "job";

}  // namespace

AgentFacts LeaderRun::agent_facts() const {
  return {.channel = fmt::format("{}:{}", settings_.channel_host, port_),
          .token = token_,
          .set = own_set,
          .job = job_,
          .worker = settings_.worker,
          .leader_host = own_host_};
}

std::string LeaderRun::make_hand_over(std::vector<std::string> hosts, NodeRank first) const {
  return encode(HandOver{.channel_host = settings_.channel_host,
                         .channel_port = port_,
                         .token = token_,
                         .job = job_,
                         .world_size = workers_.peer(WorkerIndex{0}).value,
                         .hosts = std::move(hosts),
                         .plan_hash = plan_.hash,
                         .first_node_rank = first.value});
}

// For a host whose smlaunch has not come to us: it may still start and wait there. Of thousands of hosts, it is told
// its own.
std::string LeaderRun::make_late_hand_over(NodeRank node_rank) const {
  const RosterWorker& worker = workers_.of(node_rank);
  if (settings_.worker.empty() || worker.host == plan_.current_host || worker.is_connected) return "";
  return make_hand_over({worker.host}, node_rank);
}

std::vector<WorkerCode> LeaderRun::worker_code() const {
  std::vector<WorkerCode> all;
  for (const RosterWorker& each : workers_.all())
    all.push_back({each.host, each.is_connected, each.loss.has_value(), each.code});
  return all;
}

LeaderRun::Goodbye LeaderRun::make_goodbye() const {
  Goodbye made{.end = {.kind = to_string(outcome_->kind),
                       .exit_code = outcome_->exit_code,
                       .message = outcome_->message,
                       .failure = render_failure(*outcome_),
                       .plan_hash = plan_.hash},
               .next_try = {},
               .without_hosts = {}};
  if (start_error_ || !settings_.is_tried_again || !settings_.is_tried_again(*outcome_)) return made;
  made.next_try = made.end;
  made.next_try->kind = job_is_tried_again;
  made.without_hosts = workers_.find_replaced(outcome_->hosts_at_fault, plan_.leader);
  if (settings_.find_left_out) made.without_hosts.merge(settings_.find_left_out(*outcome_));
  return made;
}

const JobEnd& LeaderRun::job_end(WorkerIndex worker) const {
  const bool again = goodbye_.next_try && !goodbye_.without_hosts.contains(workers_.all()[worker].host);
  return again ? *goodbye_.next_try : goodbye_.end;
}

RunResult LeaderRun::result() const {
  RunResult made;
  made.shares = ranks_of_starters(plan_);
  made.outcome = *outcome_;
  if (job_run_) {
    made.ranks = job_run_->record().ranks;
    if (made.outcome.failure_class == FailureClass::start ||
        made.outcome.failure_class == FailureClass::lost_host)
      for (const std::string& line : job_run_->record().engine_lines)
        world_.output.say(name_line_of_engine(to_string(plan_.engine), line));
  } else {
    made.ranks = Indexed<Rank, RankRecord>(plan_.layout.ranks.size());
  }
  made.phases = phases_.phases();
  if (smoke_) made.smoke = smoke_->report();
  made.job = job_;
  made.stop_asked = stop_asked_;
  made.unattended_hosts = unattended_hosts();
  made.attended_hosts = attended_hosts();
  return made;
}

std::vector<std::string> LeaderRun::unattended_hosts() const {
  if (!job_run_) return {};
  Indexed<NodeRank, char> has_loss(plan_.cluster.hosts.size(), 0);
  for (const RankPlace& place : plan_.layout.ranks) {
    const auto& loss = job_run_->record().ranks[place.rank].loss;
    // A silent host would not answer a login either. What is left on it ends by itself.
    const auto* silence = loss ? std::get_if<Silence>(&*loss) : nullptr;
    if (loss && (silence == nullptr || silence->is_closed)) has_loss[place.node_rank] = 1;
  }
  std::vector<std::string> found;
  for (const NodeRank node_rank : has_loss.indices()) {
    const RosterWorker& worker = workers_.of(node_rank);
    if (has_loss[node_rank] != 0 && !worker.had_come && worker.host != plan_.current_host)
      found.push_back(worker.host);
  }
  return found;
}

std::set<std::string> LeaderRun::attended_hosts() const {
  std::set<std::string> found;
  for (const RosterWorker& worker : workers_.all())
    if (worker.had_come) found.insert(worker.host);
  if (!job_run_) return found;
  for (const RankPlace& place : plan_.layout.ranks) {
    const RankRecord& record = job_run_->record().ranks[place.rank];
    if (record.joined || record.detached) found.insert(plan_.cluster.hosts[place.node_rank].name);
  }
  return found;
}

}  // namespace smlaunch
