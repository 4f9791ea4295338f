// SPDX-License-Identifier: Apache-2.0
#include "launcher/job/job_smoke.hpp"

#include <numeric>

#include "launcher/job/job_programs.hpp"
#include "launcher/plan/starter.hpp"

namespace smlaunch {

namespace {

SmokeMode mode_of(SmokeOption option) {
  switch (option) {
    case SmokeOption::automatic: return SmokeMode::automatic;
    case SmokeOption::nccl: return SmokeMode::nccl;
    case SmokeOption::cpu: return SmokeMode::cpu;
    case SmokeOption::off: return SmokeMode::off;
  }
  return SmokeMode::automatic;
}

// Ranks of the job, before they are placed.
int count_ranks(const Job& job) {
  const auto add = [](int sum, const Host& host) { return sum + host.ranks; };
  return job.spec.world_size.value_or(
      std::accumulate(job.cluster.hosts.begin(), job.cluster.hosts.end(), 0, add));
}

}  // namespace

LauncherChoice choose_for_smoke(const Options& options, LauncherChoice of_job) {
  if (options.launcher != LauncherOption::automatic) return of_job;
  if (of_job.kind != LauncherKind::process && !has_starter(of_job.kind)) return of_job;
  return {LauncherKind::ddp, "smlaunch smoke: all hosts together"};
}

Result<void> find_smoke_wish(const Options& options, const Facts& facts, Job& job) {
  SmokeWish& wish = job.spec.smoke;
  wish.mode = mode_of(options.smoke);
  wish.source = source_of(options, "smoke", "default");
  wish.only = options.command == Command::smoke;
  wish.bytes = options.smoke_bytes;
  wish.timeout_seconds = options.smoke_timeout;
  wish.require_gpu = options.require_gpu;
  wish.min_busbw_gbps = options.min_busbw;
  wish.min_busbw_source = source_of(options, "min-busbw", "--min-busbw");
  if (options.inject) {
    auto parsed = parse_injection(*options.inject, source_of(options, "inject", "--inject"));
    if (!parsed) return tl::unexpected(parsed.error());
    job.injection = *parsed;
  }
  const bool is_asked_for = wish.only || wish.require_gpu || wish.mode == SmokeMode::cpu;
  if (wish.mode == SmokeMode::off || job.spec.launcher == LauncherKind::process) return {};
  if (count_ranks(job) < 2 && !is_asked_for) return {};
  if (options.gpus_per_host) wish.has_gpus = facts.ask.has_usable_gpu();
  const bool is_known = job.spec.open_mpi_is_decided;
  wish.has_mpirun = is_known || facts.ask.has_mpirun();
  if (is_known || !wish.has_mpirun || wish.mode == SmokeMode::nccl) return {};
  // Without an Open MPI that we know there is no test, unless it was asked for.
  if (auto found = use_open_mpi(facts.ask, job.spec); !found) {
    if (is_asked_for) return found;
    wish.has_mpirun = false;
  }
  return {};
}

}  // namespace smlaunch
