// SPDX-License-Identifier: Apache-2.0
// Records of made-up jobs, for the tests of what they came to.
#pragma once

#include <csignal>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "launcher/outcome/decide_outcome.hpp"

namespace smlaunch::made_up_jobs {

using Hosts = std::vector<std::string>;
inline const RankHosts four_hosts = {"algo-1", "algo-1", "algo-2", "algo-2"};

inline RankRecord ended(const ExitStatus& status, double seconds, bool told_to_stop = false,
                        double uncertainty = 0) {
  RankRecord rank;
  rank.joined = true;
  rank.pid = 1;
  rank.end = RankEnd{.status = status, .told_to_stop = told_to_stop};
  rank.times = {.seconds = seconds, .uncertainty = uncertainty};
  return rank;
}
inline RankRecord fine(double seconds = 9) { return ended(Exited{0}, seconds); }
inline RankRecord stopped(double seconds) { return ended(Signaled{SIGTERM, false}, seconds, true); }
inline const Silence silence{10, "connection closed"};
inline RankRecord lost(const RankLoss& loss, double seconds) {
  RankRecord rank;
  rank.joined = true;
  rank.loss = loss;
  rank.times.seconds = seconds;
  return rank;
}
inline RankRecord not_started(const std::string& why) {
  RankRecord rank;
  rank.joined = true;
  rank.not_started = why;
  return rank;
}
inline JobRecord job(std::vector<RankRecord> ranks) {
  JobRecord record;
  record.ranks = Indexed<Rank, RankRecord>(std::move(ranks));
  record.started = true;
  return record;
}
inline std::vector<int> values(const std::vector<Rank>& ranks) {
  std::vector<int> made;
  for (const Rank rank : ranks) made.push_back(rank.value);
  return made;
}
using Causes = Indexed<Rank, Cause>;

inline const std::vector<std::string> peer_lost = {
    "RuntimeError: [./gloo/transport/tcp/pair.cc:589] Read error [10.0.0.2]:1: Connection reset by peer"};
inline const std::vector<std::string> own_reason = {
    "Traceback (most recent call last):", "  File \"a.py\", line 1, in <module>", "ValueError: bad batch"};
inline RankRecord saying(RankRecord rank, std::vector<std::string> lines,
                         std::optional<double> traceback_seconds = {}) {
  rank.end->last_lines = std::move(lines);
  rank.times.traceback_seconds = traceback_seconds;
  return rank;
}

}  // namespace smlaunch::made_up_jobs
