// SPDX-License-Identifier: Apache-2.0
// The user's code on the host where this runs: whether there is something to fetch or to install, and what
// came of it.
#pragma once

#include <optional>
#include <string>

#include "launcher/code/code_messages.hpp"
#include "launcher/job/job.hpp"
#include "launcher/options/options.hpp"
#include "launcher/outcome/outcome.hpp"

namespace smlaunch {

// What this host has to do before the program can run; nothing: its code is there, and needs no pip; or it is
// none of the container's (named behind --, or a framework's module, which fetches it itself).
std::optional<CodeRequest> make_code_request(const Options& options, const Job& job);

// The same, whatever is there.
CodeRequest describe_code_request(const Options& options, const Job& job);

// Whether other hosts, where no smlaunch prepares it, may have something to do.
bool may_need_code(const Options& options, const Job& job);

// What a dry run says of it; empty: nothing is to be done.
std::string describe_code(const Options& options, const Job& job);

struct HostCode {
  double seconds = 0;              // 0: there was nothing to do
  std::optional<Outcome> outcome;  // nothing: it is there and installed
};

// Does what make_code_request() says, if this machine runs ranks of the job, and takes the program as it is
// found then into `job`. SIGINT, SIGTERM and SIGHUP end it: Outcome::kind is stopped.
HostCode prepare_code_here(const Options& options, Job& job);

// The job's outcome where the code of a host could not be prepared.
Outcome outcome_of_code(const CodeEnd& end);

}  // namespace smlaunch
