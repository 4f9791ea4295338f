// SPDX-License-Identifier: Apache-2.0
// Who is to blame: one function for each kind of evidence.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launcher/smoke/localiser.hpp"
#include "launcher/smoke/smoke_report.hpp"

namespace smlaunch {

// What one kind of evidence shows: the accused, and the sentence that tells it. A function below that returns
// nothing has found nothing wrong.
struct Finding {
  std::vector<Suspect> suspects;
  std::string reason;
};

// Ranks that could not go on and said so, and ranks that were gone.
std::optional<Finding> find_broken_ranks(const SmokeSettings& settings, const SmokeRecord& record);
// Ranks that load another library than most ranks.
std::optional<Finding> find_odd_libraries(const SmokeSettings& settings, const SmokeRecord& record);
// After the deadline: ranks that did not come as far as the others.
std::optional<Finding> find_absent_ranks(const SmokeSettings& settings, const SmokeRecord& record);
// By the digits of wrong sums, by the buffers that ranks sent, and by which ranks alone saw wrong sums.
std::optional<Finding> find_wrong_contributors(const SmokeSettings& settings, const SmokeRecord& record);
// Hosts that came late to every repeat: their ranks waited the shortest in the barrier before it.
std::optional<Finding> find_stragglers(const SmokeSettings& settings, const SmokeRecord& record);
// By the tests of single hosts and of pairs.
std::optional<Finding> find_bad_groups(const SmokeSettings& settings, const SmokeRecord& record);

// True if each rank had a GPU of its own and the real NCCL: only then the times say something about machines.
bool is_on_gpus_alone(const SmokeSettings& settings, const SmokeRecord& record);

// The search tells hosts apart, and where there is only one, its ranks.
inline bool searches_ranks(const SmokeSettings& settings) { return settings.hosts.size() == 1; }
LocaliserSettings make_localiser_settings(const SmokeSettings& settings, const SmokeRecord& record);

// "rank 3 (algo-2)", "ranks 3, 5-7"
std::string describe_ranks(const SmokeSettings& settings, const std::vector<Rank>& ranks);

}  // namespace smlaunch
