// SPDX-License-Identifier: Apache-2.0
// Intermediate output of this host, from before the ranks start until after the outcome is written.
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

// How long the end of a job may wait for uploads: `upload_timeout`; of a job that was told to stop at most
// what is left of `stop_grace`, since whoever stops it kills it then.
std::chrono::milliseconds upload_bound(std::chrono::milliseconds upload_timeout,
                                       std::chrono::milliseconds stop_grace,
                                       std::optional<std::chrono::milliseconds> since_stop);

class JobUploads {
 public:
  explicit JobUploads(const Options& options) : options_(options) {}

  // Errors: as IntermediateOutput::start.
  Result<void> start(const Environment& environment, const Variables& variables);

  // When all ranks are gone, and the outcome is written. Waits for the last uploads, and says what was not
  // uploaded. A signal while it waits counts as being told to stop, another one ends the waiting.
  // `stop_asked`: when the job was told to stop.
  void finish(std::optional<SteadyTime> stop_asked);

 private:
  void wait(std::optional<SteadyTime> stop_asked);
  void say_summary(const IntermediateSummary& summary) const;

  const Options& options_;
  std::unique_ptr<IntermediateOutput> output_;
};

// One sentence for each reason; no more than five names each.
std::vector<std::string> render_not_uploaded(const std::vector<NotUploaded>& left);

}  // namespace smlaunch
