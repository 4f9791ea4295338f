// SPDX-License-Identifier: Apache-2.0
// On GPUs by the engine of the job, since NCCL needs no MPI; on the CPU always by mpirun.
#include "launcher/plan/smoke_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "launcher/plan/agents_command.hpp"
#include "launcher/plan/mpirun_plan.hpp"
#include "launcher/plan/starter.hpp"
#include "launcher/smoke/expected_bandwidth.hpp"
#include "launcher/smoke/smoke_settings.hpp"

namespace smlaunch {

namespace {

bool has_gpus(const JobSpec& spec, const LaunchPlan& plan) {
  if (spec.smoke.has_gpus) return *spec.smoke.has_gpus;
  return std::any_of(plan.cluster.hosts.begin(), plan.cluster.hosts.end(),
                     [](const Host& host) { return host.machine->usable_gpus() > 0; });
}

// Why there is no test, whatever it would be run with; nothing: there is one.
std::optional<std::string> find_reason(const JobSpec& spec, const LaunchPlan& plan) {
  const SmokeWish& wish = spec.smoke;
  if (wish.mode == SmokeMode::off) return fmt::format("switched off by {}", wish.source);
  const bool is_asked_for = wish.only || wish.mode != SmokeMode::automatic || wish.require_gpu;
  if (plan.job_world_size == 1 && !is_asked_for) return "one rank has nobody to talk to";
  if (plan.launcher == LauncherKind::process) return "launcher process";
  if (plan.nodes.size() > 1) return fmt::format("each host starts {} by itself", to_string(plan.launcher));
  if (plan.launcher == LauncherKind::xla) return "launcher xla";
  return {};
}

Result<void> check_bandwidth(const SmokeWish& wish, const LaunchPlan& plan) {
  if (!wish.min_busbw_gbps) return {};
  BandwidthRequest request;
  request.ranks = plan.world_size();
  request.hosts = static_cast<int>(plan.cluster.hosts.size());
  request.bytes = wish.bytes;
  const Variables all = common_variables(plan);
  const auto collnet = all.find("NCCL_COLLNET_ENABLE");
  request.reduces_in_network = collnet != all.end() && collnet->second != "0";
  return check_min_busbw(*wish.min_busbw_gbps, *plan.cluster.hosts.front().machine, request,
                         wish.min_busbw_source);
}

}  // namespace

Result<void> add_smoke_plan(const JobSpec& spec, LaunchPlan& plan) {
  const SmokeWish& wish = spec.smoke;
  if (const auto reason = find_reason(spec, plan)) {
    plan.smoke_reason = *reason;
    if (wish.require_gpu)
      return failure(Fault::usage, "--require-gpu",
                     fmt::format("there is no all-reduce test: {}", plan.smoke_reason), "leave it out");
    return {};
  }
  const bool by_nccl =
      wish.mode == SmokeMode::nccl || (wish.mode == SmokeMode::automatic && has_gpus(spec, plan));
  if (!by_nccl && spec.self_started) {
    plan.smoke_reason = "no GPU was found, and no mpirun reaches hosts that start themselves";
    if (!wish.only && !wish.require_gpu && wish.mode != SmokeMode::cpu) return {};
    return failure(Fault::usage, wish.mode == SmokeMode::cpu ? wish.source : "smoke",
                   fmt::format("there is no all-reduce test: {}", plan.smoke_reason),
                   "leave it out, or name hosts that are reached by SSH with --hosts");
  }
  if (!by_nccl && !wish.has_mpirun) {
    if (wish.mode == SmokeMode::cpu || wish.only || wish.require_gpu)
      return failure(Fault::start, "mpirun", "is not on PATH, and the test on the CPU is started by it",
                     "install Open MPI (Debian: openmpi-bin)");
    plan.smoke_reason = "no mpirun is on PATH to test with";
    return {};
  }
  if (auto possible = check_bandwidth(wish, plan); !possible) return possible;
  plan.smoke.emplace();
  plan.smoke->backend = by_nccl ? nccl_backend : cpu_backend;
  plan.smoke->bytes = wish.bytes;
  plan.smoke->timeout_seconds = static_cast<int>(std::ceil(wish.timeout_seconds));
  auto check = make_check_plan(spec, plan);
  if (!check) return tl::unexpected(check.error());
  plan.smoke->command = std::move(check->command);
  plan.sources.emplace_back("smoke",
                            by_nccl ? wish.source
                                    : fmt::format("{}{}; NCCL NOT RUN", wish.source,
                                                  wish.mode == SmokeMode::cpu ? "" : ": no GPU was found"));
  return {};
}

Result<LaunchPlan> make_check_plan(const JobSpec& spec, const LaunchPlan& plan) {
  LaunchPlan check = plan;
  const bool by_nccl = plan.smoke->backend == nccl_backend;
  check.process_command = {spec.smlaunch, by_nccl ? nccl_check_word : mpi_check_word};
  check.secret_arguments.clear();
  check.smoke.reset();
  check.of_hosts.clear();
  // Under ddp and torchrun ranks lose what mpirun tells them; MPI needs it.
  if (!by_nccl && check.launcher != LauncherKind::smddp) check.launcher = LauncherKind::mpi;
  if (by_nccl && has_starter(check.launcher)) check.launcher = LauncherKind::ddp;
  check.entry_point.kind = EntryPointKind::command;
  check.entry_point.has_interpreter_line = false;
  const bool without_mpirun = by_nccl && check.engine != Engine::mpirun;
  if (without_mpirun) {
    if (!reaches_hosts(check.engine)) check.engine = Engine::local;
    check.command = agents_command(spec, check);
    return check;
  }
  JobSpec of_check = spec;
  // Where the job needs no mpirun, nobody has asked whether its host has a name for it.
  if (!is_one_process(plan.engine)) of_check.known_by_name = false;
  check.engine = Engine::mpirun;
  KeptFromMpirun kept = keep_from_mpirun(of_check, check);
  MpirunRequest request = mpirun_request(of_check, check, kept);
  check.user_variables.merge(kept.parameters);
  check.kept_from_mpirun = std::move(kept.removed);
  // Ranks wait for each other most of the time. Where hosts share cores that no plan knows of, such as virtual ones do, they
  // would otherwise spin in each other's way.
  if (!by_nccl) request.yields_when_idle = true;
  auto made = mpirun_command(request);
  if (!made) return tl::unexpected(made.error());
  check.command = std::move(made->argv);
  return check;
}

}  // namespace smlaunch
