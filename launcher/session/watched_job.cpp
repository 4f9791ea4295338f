// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/watched_job.hpp"

#include <unistd.h>

#include <filesystem>

#include "base/host_name.hpp"

namespace smlaunch {

namespace {

// As whoever asks names it; empty where there is none.
std::string real_folder(const std::filesystem::path& folder) {
  std::error_code error;
  const auto real = std::filesystem::canonical(folder, error);
  return error ? "" : real.native();
}

JobStatus begin_status(const Job& job) {
  JobStatus status;
  status.id = make_run_id();
  status.name = job.environment->job_name.value_or("");
  status.pid = getpid();
  status.host = probe_host_name();
  if (job.is_worker()) {
    status.leader = job.environment->leader;
    status.stage = JobStage::ready;
  }
  status.folder = real_folder(job.environment->paths.base);
  status.working_directory = real_folder(".");
  status.version = SMLAUNCH_VERSION;
  status.hosts = static_cast<int>(job.environment->hosts.size());
  return status;
}

}  // namespace

WatchedJob::WatchedJob(const Options& options, const Job& job)
    : board_(begin_status(job)), service_(board_, job.is_worker() ? std::nullopt : options.metrics) {}

int WatchedJob::ended(int exit_code) {
  board_.note([exit_code](JobStatus& status) {
    status.stage = JobStage::end;
    status.exit_code = exit_code;
    status.silence.reset();
  });
  return exit_code;
}

}  // namespace smlaunch
