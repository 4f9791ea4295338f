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
  if (!come.is_connected) ++connected_;
  come.is_connected = come.has_come = true;
  come.was_told_to_stop = false;
  come.loss.reset();
  come.code.reset();
}

void WorkerRoster::lost_before_job(Peer peer, const HostLoss& loss) {
  disconnect(worker(peer));
  if (!worker(peer).is_spare) worker(peer).loss = loss;
}

void WorkerRoster::disconnect(RosterWorker& gone) {
  if (gone.is_connected) --connected_;
  gone.is_connected = false;
}

bool WorkerRoster::told_to_stop(Peer peer) {
  const bool is_news = !worker(peer).was_told_to_stop;
  worker(peer).was_told_to_stop = true;
  return is_news;
}

void WorkerRoster::begin_goodbye() {
  for (RosterWorker& each : workers_) each.had_come = each.is_connected;
}

bool WorkerRoster::any_is_awaited(const std::string& leader) const {
  return std::any_of(workers_.begin(), workers_.end(), [&](const RosterWorker& each) {
    return !each.has_come && !each.is_spare && !each.loss && each.host != leader;
  });
}

bool WorkerRoster::any_is_on_its_way() const {
  return std::any_of(workers_.begin(), workers_.end(),
                     [](const RosterWorker& each) { return each.was_handed_over && !each.has_come; });
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

std::set<std::string> WorkerRoster::find_replaced(const std::vector<std::string>& hosts_at_fault,
                                                  const std::string& leader) const {
  const std::set<std::string> at_fault(hosts_at_fault.begin(), hosts_at_fault.end());
  auto spares = std::count_if(workers_.begin(), workers_.end(), [&](const RosterWorker& each) {
    return each.is_spare && !at_fault.contains(each.host);
  });
  std::set<std::string> replaced;
  for (const RosterWorker& each : workers_)
    if (!each.is_spare && each.host != leader && at_fault.contains(each.host) && spares-- > 0)
      replaced.insert(each.host);
  return replaced;
}

}  // namespace smlaunch
