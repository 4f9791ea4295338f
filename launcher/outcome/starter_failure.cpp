// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/starter_failure.hpp"

#include <algorithm>
#include <csignal>

#include "launcher/evidence/torchrun_failure.hpp"

namespace smlaunch {

std::optional<StarterFailure> find_starter_failure(const RankEnd& torchrun) {
  const auto failures = find_torchrun_failures(torchrun.last_lines);
  if (failures.empty()) return {};
  const auto whose = torchrun.failed_rank;
  auto cause = std::find_if(failures.begin(), failures.end(),
                            [&](const TorchrunFailure& each) { return !whose || each.rank == *whose; });
  if (cause == failures.end()) cause = failures.begin();
  if (succeeded(cause->status)) return {};
  StarterFailure found{
      .rank = Rank{cause->rank}, .status = cause->status, .has_own_lines = whose.has_value()};
  if (cause != failures.begin()) found.named_instead = Rank{failures.front().rank};
  for (const TorchrunFailure& each : failures) {
    if (std::holds_alternative<Exited>(each.status)) found.exited.push_back(Rank{each.rank});
    // torchrun stops the others by SIGTERM.
    if (each.rank != cause->rank &&
        each.status != ExitStatus{Signaled{.signal = SIGTERM, .core_dumped = false}})
      found.may_be_first.push_back(Rank{each.rank});
  }
  std::sort(found.exited.begin(), found.exited.end());
  return found;
}

}  // namespace smlaunch
