// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/smoke_request.hpp"

#include <algorithm>

#include "cuda/probe_gpus.hpp"
#include "launcher/plan/smoke_plan.hpp"

namespace smlaunch {

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
  settings.library = is_nccl ? options.nccl_lib.value_or(library_of_python) : library_of_loader;
  for (const Host& host : plan.cluster.hosts) settings.hosts.push_back(host.name);
  for (const RankPlace& place : request->plan.layout.ranks) {
    const Machine& machine = *plan.cluster.hosts[place.node_rank].machine;
    const auto& gpu = place.placement->gpu;
    settings.ranks.push_back({.node = place.node_rank,
                              .local_rank = place.local_rank,
                              .device = gpu ? cuda_index(machine, *gpu) : place.local_rank.value});
  }
  if (injects) {
    if (auto sound = check_injection(job.injection, static_cast<int>(settings.ranks.size()),
                                     settings.hosts.items(), source_of(options, "inject", "--inject"));
        !sound)
      return tl::unexpected(sound.error());
    settings.injection = job.injection;
  }
  if (is_nccl) {
    const Machine& machine = *plan.cluster.hosts.front().machine;
    BandwidthRequest all{.ranks = static_cast<int>(settings.ranks.size()),
                         .hosts = static_cast<int>(settings.hosts.size()),
                         .bytes = settings.bytes,
                         .reduces_in_network = false};
    settings.expected = expect_busbw(machine, all);
    settings.expected_pair = expect_busbw(machine, {.ranks = 2 * all.ranks / std::max(1, all.hosts),
                                                    .hosts = 2,
                                                    .bytes = all.bytes,
                                                    .reduces_in_network = false});
  }
  return request;
}

}  // namespace smlaunch
