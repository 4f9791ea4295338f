// SPDX-License-Identifier: Apache-2.0
// The upload of this host's intermediate output, from before the ranks start until after the outcome is
// written.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "base/error.hpp"
#include "launcher/contract/environment.hpp"
#include "launcher/contract/s3/intermediate_output.hpp"
#include "launcher/options/options.hpp"

namespace smlaunch {

using SteadyTime = std::chrono::steady_clock::time_point;

// How long the end of a job may wait for uploads: `upload_timeout`, but for a job that was told to stop at
// most the rest of `stop_grace`, since it is killed then.
std::chrono::milliseconds upload_bound(std::chrono::milliseconds upload_timeout,
                                       std::chrono::milliseconds stop_grace,
                                       std::optional<std::chrono::milliseconds> since_stop);

class JobUploads {
 public:
  explicit JobUploads(const Options& options) : options_(options) {}

  // Errors: as IntermediateOutput::start.
  Result<void> start(const Environment& environment, const Variables& variables);

  // To be called when all ranks are gone and the outcome is written. Waits for the last uploads, and names
  // files that were not uploaded. The first signal while it waits tells the job to stop, a second signal
  // ends the waiting. `stop_asked`: when the job was told to stop.
  void finish(std::optional<SteadyTime> stop_asked);

 private:
  void wait(std::optional<SteadyTime> stop_asked);
  void say_summary(const IntermediateSummary& summary) const;

  const Options& options_;
  std::unique_ptr<IntermediateOutput> output_;
};

// One sentence for each cause; no more than five names each.
std::vector<std::string> render_not_uploaded(const std::vector<NotUploaded>& left);

}  // namespace smlaunch
