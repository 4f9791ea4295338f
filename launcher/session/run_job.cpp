// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/run_job.hpp"

#include "launcher/session/job_tries.hpp"
#include "launcher/session/job_uploads.hpp"

namespace smlaunch {

int run_job(const Options& options, const Job& job, const LaunchPlan& plan, const HostCode& code,
            StatusBoard& board) {
  JobTries tries(options, job, plan, code, board);
  if (code.outcome || options.command == Command::smoke) return tries.run();
  JobUploads uploads(options);
  if (auto started = uploads.start(*job.environment, job.spec.inherited); !started)
    return tries.refuse_before(started.error());
  const int exit_code = tries.run();
  uploads.finish(tries.stop_asked());
  return exit_code;
}

}  // namespace smlaunch
