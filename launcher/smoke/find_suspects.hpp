// SPDX-License-Identifier: Apache-2.0
// Who is to blame, by each kind of evidence.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launcher/smoke/localiser.hpp"
#include "launcher/smoke/smoke_report.hpp"

namespace smlaunch {

// What was found by one kind of evidence: the accused, and the sentence that tells it. Nothing is wrong by an
// evidence that has none.
struct Finding {
  std::vector<Suspect> suspects;
  std::string reason;
};

// Ranks that said that they cannot go on, or that were gone.
std::optional<Finding> find_broken_ranks(const SmokeSettings& settings, const SmokeRecord& record);
// Libraries that are not the same everywhere: those of the minority.
std::optional<Finding> find_odd_libraries(const SmokeSettings& settings, const SmokeRecord& record);
// After the deadline: ranks that did not come as far as others did.
std::optional<Finding> find_absent_ranks(const SmokeSettings& settings, const SmokeRecord& record);
// By the digits of wrong sums, by the buffers that ranks sent, by who alone saw them.
std::optional<Finding> find_wrong_contributors(const SmokeSettings& settings, const SmokeRecord& record);
// Hosts that came late to every repeat: those that waited the shortest in the barrier before it.
std::optional<Finding> find_stragglers(const SmokeSettings& settings, const SmokeRecord& record);
// By the tests of single hosts and of pairs.
std::optional<Finding> find_bad_groups(const SmokeSettings& settings, const SmokeRecord& record);

// Each rank on a GPU of its own, by the real NCCL: only then do times say something about the machines.
bool is_on_gpus_alone(const SmokeSettings& settings, const SmokeRecord& record);

// The search tells hosts apart, and where there is only one, its ranks.
inline bool searches_ranks(const SmokeSettings& settings) { return settings.hosts.size() == 1; }
LocaliserSettings make_localiser_settings(const SmokeSettings& settings, const SmokeRecord& record);

// "rank 3 (algo-2)", "ranks 3, 5-7"
std::string describe_ranks(const SmokeSettings& settings, const std::vector<Rank>& ranks);

}  // namespace smlaunch
