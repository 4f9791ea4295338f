// SPDX-License-Identifier: Apache-2.0
// How the hosts of a job that start themselves know each other: by the user's token, else, under Slurm, by munge.
#pragma once

#include <memory>
#include <string>

#include "base/error.hpp"
#include "launcher/channel/munge.hpp"
#include "launcher/job/job.hpp"
#include "launcher/options/options.hpp"

namespace smlaunch {

struct JobKey {
  std::string token;                   // by munge: a token that nobody else has
  std::shared_ptr<const Munge> munge;  // null: the token it is
};

// Errors (Fault::configuration): neither is there.
Result<JobKey> find_job_key(const Options& options, const Job& job);

}  // namespace smlaunch
