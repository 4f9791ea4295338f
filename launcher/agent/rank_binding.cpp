// SPDX-License-Identifier: Apache-2.0
#include "launcher/agent/rank_binding.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>

#include "cuda/probe_gpus.hpp"
#include "topology/bind.hpp"
#include "topology/kernel_binding.hpp"
#include "topology/probe_machine.hpp"
#include "topology/rank_threads.hpp"

namespace smlaunch {

namespace {

constexpr const char* threads_variable = "OMP_NUM_THREADS";

// The CPUs that mpirun has itself, where the user's own options have made it give this process only some of
// them.
std::optional<int> cpus_of_engine() {
  cpu_set_t own;
  cpu_set_t parents;
  if (sched_getaffinity(0, sizeof own, &own) != 0 ||
      sched_getaffinity(getppid(), sizeof parents, &parents) != 0)
    return {};
  return CPU_COUNT(&own) < CPU_COUNT(&parents) ? std::optional(CPU_COUNT(&parents)) : std::nullopt;
}

// For a process that is not bound as it should be: the cores that it may use all the same.
std::optional<int> count_own_threads(int local_ranks) {
  const auto machine = probe_machine({.with_devices = false});
  if (!machine) return {};
  int threads = count_cores(*machine, allowed_cpus(*machine));
  if (machine->cpu_quota) threads = std::min(threads, static_cast<int>(*machine->cpu_quota / local_ranks));
  return std::max(threads, 1);
}

}  // namespace

int count_host_cpus(const Machine& machine) { return cpus_of_engine().value_or(machine.processing_units); }

RankHome choose_home(const Start& start, int local_rank, const std::optional<Machine>& machine) {
  const auto bind = parse_bind_policy(start.own_bind);
  if (!bind || !machine || local_rank < 0 || local_rank >= start.local_ranks)
    return {.cpus = parse_id_set(start.cpus).value_or(IdSet{}),
            .numa = parse_id_set(start.numa).value_or(IdSet{}),
            .threads = {}};
  const auto placements = place_on_machine(*machine, start.local_ranks, *bind);
  const Placement& own = *placements[static_cast<std::size_t>(local_rank)];
  return {.cpus = own.cpus,
          .numa = own.numa,
          .threads = threads_of_ranks(*machine, placements)[static_cast<std::size_t>(local_rank)]};
}

Started bind_rank(Start& start, int local_rank, const std::optional<Machine>& machine) {
  std::optional<Machine> host = machine;
  if (!host && !start.own_bind.empty()) {
    if (auto probed = probe_machine_for_ranks()) host = std::move(*probed);
  }
  RankHome home = choose_home(start, local_rank, host);
  Started report;
  report.chosen_cpus = to_string(home.cpus);
  if (home.threads) {
    report.host_cpus = count_host_cpus(*host);
    report.host_gpus = host->usable_gpus();
  }
  if (!home.cpus.empty()) {
    const auto bound = bind_current_process(home.cpus, home.numa);
    const IdSet cpus = bound ? bound->cpus : own_cpus();
    report.cpus = to_string(cpus);
    report.numa = bound ? to_string(bound->numa) : "";
    report.binding_notes =
        bound ? bound->notes : std::vector<BindingNote>{{.kind = BindingNoteKind::not_read}};
    if (cpus != home.cpus) home.threads = count_own_threads(start.local_ranks);
  } else if (cpus_of_engine()) {
    home.threads = count_own_threads(start.local_ranks);
  }
  const auto threads = start.default_variables.find(threads_variable);
  if (home.threads && threads != start.default_variables.end())
    threads->second = std::to_string(*home.threads);
  return report;
}

}  // namespace smlaunch
