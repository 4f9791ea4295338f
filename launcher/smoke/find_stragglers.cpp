// SPDX-License-Identifier: Apache-2.0
// Evidence from time: a host that keeps the others waiting in the barrier before each repeat.
#include <fmt/format.h>

#include <algorithm>

#include "launcher/smoke/find_suspects.hpp"

namespace smlaunch {

namespace {

// A host is a straggler if it is later than this at every repeat, and four times as late as the others. A
// process on a busy CPU may be late by tens of milliseconds; a GPU is not.
constexpr double late_on_cpu_seconds = 0.1;
constexpr double late_on_gpu_seconds = 0.005;
constexpr double late_share = 4;

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

std::optional<Finding> find_stragglers(const SmokeSettings& settings, const SmokeRecord& record) {
  std::size_t repeats = 0;
  for (const RankCheck& rank : record.ranks) {
    if (!rank.result) return {};
    repeats = repeats == 0 ? rank.result->barrier_seconds.size()
                           : std::min(repeats, rank.result->barrier_seconds.size());
  }
  if (repeats < 2 || settings.hosts.size() < 2) return {};
  // How late each host was at the repeat where it was least late. A host's shortest wait counts.
  Indexed<NodeRank, double> late(settings.hosts.size(), 1e9);
  for (std::size_t repeat = 0; repeat < repeats; ++repeat) {
    double longest = 0;
    Indexed<NodeRank, double> shortest(settings.hosts.size(), 1e9);
    for (const Rank rank : record.ranks.indices()) {
      const double waited = record.ranks[rank].result->barrier_seconds[repeat];
      double& of_host = shortest[settings.ranks[rank].node];
      longest = std::max(longest, waited);
      of_host = std::min(of_host, waited);
    }
    for (const NodeRank node : late.indices()) late[node] = std::min(late[node], longest - shortest[node]);
  }
  const double limit = is_on_gpus_alone(settings, record) ? late_on_gpu_seconds : late_on_cpu_seconds;
  Finding finding;
  for (const NodeRank node : late.indices()) {
    std::vector<double> others;
    for (const NodeRank other : late.indices())
      if (other != node) others.push_back(late[other]);
    if (late[node] < limit || late[node] < late_share * median(others)) continue;
    finding.suspects.push_back(
        {.subject = SuspectSubject::host,
         .name = settings.hosts[node],
         .evidence = fmt::format("arrives at least {:.0f} ms after the others at each of {} repeats",
                                 late[node] * 1000, repeats),
         .confidence = Confidence::medium,
         .nodes = {node}});
  }
  if (finding.suspects.empty()) return {};
  finding.reason = fmt::format("{} {}", finding.suspects.front().name, finding.suspects.front().evidence);
  return finding;
}

}  // namespace smlaunch
