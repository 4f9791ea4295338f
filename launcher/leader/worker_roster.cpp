// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/worker_roster.hpp"

#include <algorithm>

namespace smlaunch {

WorkerRoster::WorkerRoster(const std::vector<std::string>& hosts, const std::vector<std::string>& spare_hosts,
                           Peer first_peer)
    : first_peer_(first_peer) {
  for (const std::string& host : hosts) workers_.emplace_back().host = host;
  for (const std::string& host : spare_hosts) {
    workers_.emplace_back().host = host;
    workers_.back().is_spare = true;
  }
}

// What another process has said here before it counts no more.
void WorkerRoster::joined(Peer peer) {
  RosterWorker& come = worker(peer);
  come.is_connected = come.has_come = true;
  come.was_told_to_stop = false;
  come.loss.reset();
  come.code.reset();
}

void WorkerRoster::lost_before_job(Peer peer, const HostLoss& loss) {
  worker(peer).is_connected = false;
  if (!worker(peer).is_spare) worker(peer).loss = loss;
}

bool WorkerRoster::told_to_stop(Peer peer) {
  const bool is_news = !worker(peer).was_told_to_stop;
  worker(peer).was_told_to_stop = true;
  return is_news;
}

void WorkerRoster::begin_goodbye() {
  for (RosterWorker& each : workers_) each.had_come = each.is_connected;
}

bool WorkerRoster::any_connected() const {
  return std::any_of(workers_.begin(), workers_.end(),
                     [](const RosterWorker& each) { return each.is_connected; });
}

bool WorkerRoster::any_is_awaited(const std::string& leader) const {
  return std::any_of(workers_.begin(), workers_.end(), [&](const RosterWorker& each) {
    return !each.has_come && !each.is_spare && !each.loss && each.host != leader;
  });
}

const RosterWorker* WorkerRoster::find_lost() const {
  const auto found = std::find_if(workers_.begin(), workers_.end(),
                                  [](const RosterWorker& each) { return each.loss.has_value(); });
  return found == workers_.end() ? nullptr : &*found;
}

std::vector<std::string> WorkerRoster::hosts() const {
  std::vector<std::string> names;
  names.reserve(workers_.size());
  for (const RosterWorker& each : workers_) names.push_back(each.host);
  return names;
}

std::vector<std::string> WorkerRoster::hosts_for_late_comer(NodeRank node_rank) const {
  if (of(node_rank).is_connected) return {};
  Indexed<WorkerIndex, std::string> names(workers_.size());
  names[{node_rank.value}] = of(node_rank).host;
  return names.items();
}

bool WorkerRoster::is_replaced(WorkerIndex index, const std::vector<std::string>& hosts_at_fault,
                               const std::string& leader) const {
  const auto is_at_fault = [&](const RosterWorker& each) {
    return std::find(hosts_at_fault.begin(), hosts_at_fault.end(), each.host) != hosts_at_fault.end();
  };
  auto spares = std::count_if(workers_.begin(), workers_.end(),
                              [&](const RosterWorker& each) { return each.is_spare && !is_at_fault(each); });
  for (const WorkerIndex each : workers_.indices()) {
    const RosterWorker& worker = workers_[each];
    if (worker.is_spare || each.value > index.value) break;
    if (!is_at_fault(worker) || worker.host == leader) continue;
    if (spares-- > 0 && each == index) return true;
  }
  return false;
}

}  // namespace smlaunch
