// SPDX-License-Identifier: Apache-2.0
// The answer of `smlaunch status [JOB|PID|DIR] [--stacks]`.
#pragma once

#include <string>

#include "base/error.hpp"
#include "launcher/channel/private_folders.hpp"
#include "launcher/options/options.hpp"

namespace smlaunch {

// Of the one job that runs here, or that the operand names; of several, a list. As JSON, every job with its ranks:
// {"jobs":[...],"schema":"smlaunch.status/1"}. Errors (Fault::usage): the operand names no job that runs here.
Result<std::string> make_status_answer(const Options& options, const PrivatePlaces& places);

}  // namespace smlaunch
