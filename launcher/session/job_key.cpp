// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/job_key.hpp"

namespace smlaunch {

Result<JobKey> find_job_key(const Options& options, const Job& job) {
  JobKey key;
  if (!job.self_started) return key;
  key.token = options.job_token;
  if (!key.token.empty()) return key;
  key.munge = Munge::open();
  key.token = make_token();
  if (key.munge) return key;
  return failure(Fault::configuration, "SMLAUNCH_JOB_TOKEN",
                 "is not set, and munge, by which hosts of Slurm's know each other, does not answer here",
                 "set it before srun: export SMLAUNCH_JOB_TOKEN=$(openssl rand -hex 32)");
}

}  // namespace smlaunch
