// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/error.hpp"
#include "launcher/job/job.hpp"
#include "launcher/leader/runner.hpp"
#include "launcher/options/options.hpp"

namespace smlaunch {

// The runner's request for an all-reduce test; null where the plan has no test. `injects`: with --inject's
// fault.
Result<std::shared_ptr<const SmokeRequest>> make_smoke_request(const Options& options, const Job& job,
                                                               const LaunchPlan& plan, bool injects);

}  // namespace smlaunch
