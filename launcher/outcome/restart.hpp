// SPDX-License-Identifier: Apache-2.0
// Whether a failed job is tried again, when, and on which hosts: pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "launcher/outcome/outcome.hpp"
#include "launcher/outcome/restart_on.hpp"
#include "topology/cluster.hpp"
#include "topology/nvlink_domain.hpp"

namespace smlaunch {

// What is remembered of the tries that have failed.
struct EarlierTries {
  std::optional<double> best_step = {};  // the furthest of them: where its slowest rank was
  // Of the last: where it failed, and of which exception.
  std::optional<double> step = {};
  std::optional<std::string> exception = {};
  int fruitless = 0;  // how many in a row have made no progress

  void add(const Outcome& failed);
};

struct RestartPolicy {
  int max_restarts = 0;
  int restarts = 0;  // that count, so far
  std::size_t spare_hosts = 0;
  std::size_t hosts = 0;                   // that run ranks
  std::optional<std::size_t> min_hosts{};  // it may go on with so many; nothing: with as many as now
  std::string leader = {};                 // which nobody can replace
  RestartOn on = {};
  EarlierTries earlier = {};
};

struct RestartDecision {
  bool is_tried_again = false;
  bool counts = true;                 // it uses up one of max_restarts
  std::chrono::milliseconds wait{0};  // before it
  std::string why_not = {};           // where that is not plain: joins the sentence of the outcome
};

// After a failure that --restart-on names, as often as max_restarts says. A rank's wish comes before the class; where its
// host shall be left out and cannot be, there is no other try. A try that came further than all before it does not
// count: its slowest rank did. One that failed like the last, at the same step of the failing rank and of the same
// exception, is the last. A job that never started because hosts were not ready is tried again only where each of them
// can be replaced or spared, and does not count. A bad configuration stays bad. Tries that came no further wait, each
// twice as long as the one before.
RestartDecision decide_restart(const Outcome& outcome, const RestartPolicy& policy);

inline bool is_tried_again(const Outcome& outcome, const RestartPolicy& policy) {
  return decide_restart(outcome, policy).is_tried_again;
}

struct Replacement {
  std::string lost;
  std::string spare;
  bool is_of_domain = false;  // both are in one NVLink domain
};

// Replaces each of `at_fault` that has ranks in the cluster by the first of `spares` in its NVLink domain, those that
// find none by the first that are left, as long as there are any. The new host has the same node rank and the same number of ranks, and is assumed to be like the host
// before it. `kept` leads and stays.
std::vector<Replacement> replace_hosts(Cluster& cluster, std::vector<std::string>& spares,
                                       const std::vector<std::string>& at_fault, const std::string& kept,
                                       const HostDomains& domains);

// Takes those of `at_fault` that are there yet out of the cluster, but `kept`, if at least `least` hosts are left then;
// returns their names.
std::vector<std::string> drop_hosts(Cluster& cluster, const std::vector<std::string>& at_fault,
                                    const std::string& kept, std::size_t least);

}  // namespace smlaunch
