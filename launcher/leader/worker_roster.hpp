// SPDX-License-Identifier: Apache-2.0
// The hosts where a smlaunch waits for us, or may still come to wait: what each has said, and which are still
// connected: pure.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/indexed.hpp"
#include "launcher/channel/leader_channel.hpp"
#include "launcher/code/code_messages.hpp"
#include "launcher/outcome/losses.hpp"
#include "topology/ranks.hpp"

namespace smlaunch {

struct RosterWorker {
  std::string host;
  bool is_spare = false;  // its host runs no rank
  bool is_connected = false;
  bool has_come = false;          // it was connected at some time
  bool had_come = false;          // it was connected when the goodbye began
  bool was_told_to_stop = false;  // on its host
  bool was_handed_over = false;   // an agent of its host has told it where we are
  std::optional<HostLoss> loss;   // it had come, and was lost before there was a job
  std::optional<CodeEnd> code;    // nothing: its code is still being prepared
};

// A position in the roster: hosts that run ranks have their node rank, spare hosts follow them.
struct WorkerIndex {
  int value = 0;
  bool operator==(const WorkerIndex&) const = default;
};

class WorkerRoster {
 public:
  // `hosts` by node rank. `first_peer`: the channel's peers below it are ranks.
  WorkerRoster(const std::vector<std::string>& hosts, const std::vector<std::string>& spare_hosts,
               Peer first_peer);

  [[nodiscard]] bool holds(Peer peer) const { return peer >= first_peer_; }
  [[nodiscard]] Peer peer(WorkerIndex index) const { return {first_peer_.value + index.value}; }
  [[nodiscard]] WorkerIndex index(Peer peer) const { return {peer.value - first_peer_.value}; }
  [[nodiscard]] const Indexed<WorkerIndex, RosterWorker>& all() const { return workers_; }
  [[nodiscard]] const RosterWorker& of(Peer peer) const { return workers_[index(peer)]; }
  [[nodiscard]] const RosterWorker& of(NodeRank node_rank) const { return workers_[{node_rank.value}]; }

  void joined(Peer peer);
  void left(Peer peer) { disconnect(worker(peer)); }
  void code_ended(Peer peer, CodeEnd end) { worker(peer).code = std::move(end); }
  // It was lost while there was no job. A spare host's loss does not matter then.
  void lost_before_job(Peer peer, const HostLoss& loss);
  // False where the worker has said so before: it repeats this on every new connection.
  bool told_to_stop(Peer peer);
  void begin_goodbye();

  [[nodiscard]] bool any_connected() const { return connected_ > 0; }
  // Has a worker of another host than the leader's not come yet?
  [[nodiscard]] bool any_is_awaited(const std::string& leader) const;
  // An agent of this host tells its worker where we are. Until it has come, it is on its way.
  void handed_over(NodeRank node_rank) { workers_[{node_rank.value}].was_handed_over = true; }
  [[nodiscard]] bool any_is_on_its_way() const;
  // The first worker that was lost before there was a job; null: no worker was.
  [[nodiscard]] const RosterWorker* find_lost() const;
  [[nodiscard]] std::vector<std::string> hosts() const;
  // The hosts whose places spare hosts take in the next try.
  [[nodiscard]] std::set<std::string> find_replaced(const std::vector<std::string>& hosts_at_fault,
                                                    const std::string& leader) const;

 private:
  RosterWorker& worker(Peer peer) { return workers_[index(peer)]; }
  void disconnect(RosterWorker& gone);

  Peer first_peer_;
  int connected_ = 0;
  Indexed<WorkerIndex, RosterWorker> workers_;
};

}  // namespace smlaunch
