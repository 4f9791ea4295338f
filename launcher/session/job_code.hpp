// SPDX-License-Identifier: Apache-2.0
// The user's code on this host: whether there is anything to fetch or to install, and the result.
#pragma once

#include <optional>
#include <string>

#include "launcher/code/code_messages.hpp"
#include "launcher/job/job.hpp"
#include "launcher/options/options.hpp"
#include "launcher/outcome/outcome.hpp"

namespace smlaunch {

// What this host must do before the program can run. Nothing: its code is there and needs no pip, or the
// program is none of the container's (it is named behind --, or is a framework's module, which fetches the
// code itself).
std::optional<CodeRequest> make_code_request(const Options& options, const Job& job);

// The same, whatever is there already.
CodeRequest describe_code_request(const Options& options, const Job& job);

// May there be something to do on other hosts, where no smlaunch prepares the code?
bool may_need_code(const Options& options, const Job& job);

// What a dry run says about it; empty: there is nothing to do.
std::string describe_code(const Options& options, const Job& job);

struct HostCode {
  double seconds = 0;              // 0: there was nothing to do
  std::optional<Outcome> outcome;  // nothing: the code is there and installed
};

// Does what make_code_request() says, if this machine runs ranks of the job, and then puts the program that
// it finds into `job`. A stop signal ends it: Outcome::kind is stopped.
HostCode prepare_code_here(const Options& options, Job& job);

// The job's outcome where the code of a host could not be prepared.
Outcome outcome_of_code(const CodeEnd& end);

}  // namespace smlaunch
