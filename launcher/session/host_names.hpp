// SPDX-License-Identifier: Apache-2.0
// Where each host starts its own ranks, nobody has looked for the other hosts. In a container's first
// minutes their names may not be known yet. The toolkit waits for all of them
// (sagemaker_training/entry_point.py).
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "launcher/job/job.hpp"
#include "launcher/options/options.hpp"
#include "launcher/outcome/event_log.hpp"
#include "launcher/remote/host_waits.hpp"

namespace smlaunch {

// Does this job wait? It does not on one host, for hosts of the command line, or in SageMaker Studio's local
// mode.
bool waits_for_names(const Job& job);

// The toolkit's bound, or --ready-timeout where that is shorter.
std::chrono::milliseconds longest_wait_for_names(const Options& options);

// Waits until all names are known, with a live line on stderr. No outcome: they are known.
void wait_for_names(HostWaits& waits, const Options& options, const std::vector<std::string>& hosts,
                    EventLog& events, std::function<void(std::optional<Outcome>)> done);

// The outcome of a wait that is over. Nothing: all names are known.
std::optional<Outcome> outcome_of_names(const RemoteReport& report);

}  // namespace smlaunch
