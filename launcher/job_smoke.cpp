// SPDX-License-Identifier: Apache-2.0
#include "launcher/job_smoke.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "cuda/probe_gpus.hpp"
#include "cuda/smoke_kernels.hpp"
#include "launcher/contract/search_path.hpp"
#include "launcher/find_open_mpi.hpp"
#include "launcher/job_result.hpp"
#include "launcher/plan/smoke_plan.hpp"
#include "launcher/plan/starter.hpp"
#include "launcher/run/write_file.hpp"
#include "launcher/smoke/render_smoke.hpp"

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

std::string injection_source(const Options& options) { return source_of(options, "inject", "--inject"); }

}  // namespace

LauncherChoice choose_for_smoke(const Options& options, LauncherChoice of_job) {
  if (options.launcher != LauncherOption::automatic) return of_job;
  if (of_job.kind != LauncherKind::process && !has_starter(of_job.kind)) return of_job;
  return {LauncherKind::ddp, "smlaunch smoke: all hosts together"};
}

Result<void> find_smoke_wish(const Options& options, Job& job) {
  SmokeWish& wish = job.spec.smoke;
  wish.mode = mode_of(options.smoke);
  wish.source = source_of(options, "smoke", "default");
  wish.only = options.command == Command::smoke;
  wish.bytes = options.smoke_bytes;
  wish.timeout_seconds = options.smoke_timeout;
  wish.require_gpu = options.require_gpu;
  wish.min_busbw_gbps = options.min_busbw;
  wish.min_busbw_source = source_of(options, "min-busbw", "--min-busbw");
  wish.has_nccl_check = smoke_kernels() != nullptr;
  if (options.inject) {
    auto parsed = parse_injection(*options.inject, injection_source(options));
    if (!parsed) return tl::unexpected(parsed.error());
    job.injection = *parsed;
  }
  const bool is_asked_for = wish.only || wish.require_gpu || wish.mode == SmokeMode::cpu;
  if (wish.mode == SmokeMode::off || job.spec.launcher == LauncherKind::process) return {};
  if (count_ranks(job) < 2 && !is_asked_for) return {};
  if (options.gpus_per_host) {
    const auto machine = probe_machine_for_ranks();
    wish.has_gpus = machine && machine->usable_gpus() > 0;
  }
  const bool is_known = std::any_of(job.spec.sources.begin(), job.spec.sources.end(),
                                    [](const auto& source) { return source.first == "open_mpi"; });
  wish.has_mpirun = is_known || !find_on_path("mpirun", job.spec.inherited).empty();
  if (is_known || !wish.has_mpirun || wish.mode == SmokeMode::nccl) return {};
  // Without an Open MPI that we know there is no test, unless it was asked for.
  if (auto found = find_open_mpi(options, job.spec); !found) {
    if (is_asked_for) return found;
    wish.has_mpirun = false;
  }
  return {};
}

Result<std::shared_ptr<const SmokeRequest>> make_smoke_request(const Options& options, const Job& job,
                                                               const LaunchPlan& plan, bool injects) {
  if (!plan.smoke) return nullptr;
  auto check = make_check_plan(job.spec, plan);
  if (!check) return tl::unexpected(check.error());
  auto request = std::make_shared<SmokeRequest>();
  request->plan = std::move(*check);
  request->only = job.spec.smoke.only;
  request->quiet = options.quiet;
  SmokeSettings& settings = request->settings;
  settings.backend = plan.smoke->backend;
  settings.bytes = plan.smoke->bytes;
  settings.deadline_seconds = job.spec.smoke.timeout_seconds;
  settings.require_gpu = job.spec.smoke.require_gpu;
  settings.min_busbw_gbps = job.spec.smoke.min_busbw_gbps;
  settings.python = job.spec.python;
  settings.is_thorough = request->only;
  settings.all_pairs = options.matrix.has_value();
  const bool is_nccl = settings.backend == nccl_backend;
  settings.library = is_nccl ? options.nccl_lib.value_or("auto") : "system";
  for (const Host& host : plan.cluster.hosts) settings.hosts.push_back(host.name);
  for (const RankPlace& place : request->plan.layout.ranks) {
    const Machine& machine = *plan.cluster.hosts[static_cast<std::size_t>(place.node_rank)].machine;
    const auto& gpu = place.placement->gpu;
    settings.ranks.push_back(
        {place.node_rank, place.local_rank.value, gpu ? cuda_index(machine, *gpu) : place.local_rank.value});
  }
  if (injects) {
    if (auto sound = check_injection(job.injection, static_cast<int>(settings.ranks.size()), settings.hosts,
                                     injection_source(options));
        !sound)
      return tl::unexpected(sound.error());
    settings.injection = job.injection;
  }
  if (is_nccl) {
    const Machine& machine = *plan.cluster.hosts.front().machine;
    BandwidthRequest all{static_cast<int>(settings.ranks.size()), static_cast<int>(settings.hosts.size()),
                         settings.bytes, false};
    settings.expected = expect_busbw(machine, all);
    settings.expected_pair =
        expect_busbw(machine, {2 * all.ranks / std::max(1, all.hosts), 2, all.bytes, false});
  }
  return request;
}

void write_smoke_files(const Options& options, const Job& job, const LaunchPlan& plan,
                       const SmokeReport& report) {
  const auto write = [](const std::filesystem::path& file, const std::string& text) {
    if (auto written = write_file(file, text); !written) return warn(written.error());
  };
  if (options.matrix) write(*options.matrix, render_matrix_svg(report));
  const auto beside = output_file(options.report, job.environment->paths, "report.json");
  std::error_code error;
  if (report.bad_hosts().empty()) {
    // What an earlier test found says nothing about this one.
    for (const char* name : {"hosts.good", "hosts.bad"})
      if (beside) std::filesystem::remove(beside->parent_path() / name, error);
    return;
  }
  if (!beside && options.command != Command::smoke) return;
  const std::filesystem::path folder = beside ? beside->parent_path() : ".";
  std::vector<int> slots;
  for (const Host& host : plan.cluster.hosts) slots.push_back(host.ranks);
  write(folder / "hosts.good", render_hostfile(report.good_hosts(), report, slots));
  write(folder / "hosts.bad", render_hostfile(report.bad_hosts(), report, slots));
  fmt::print(stderr, "smlaunch: hosts.good and hosts.bad are in {}\n",
             std::filesystem::weakly_canonical(folder, error).string());
}

}  // namespace smlaunch
