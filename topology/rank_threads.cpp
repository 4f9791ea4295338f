// SPDX-License-Identifier: Apache-2.0
#include "topology/rank_threads.hpp"

#include <algorithm>
#include <cstddef>

namespace smlaunch {
namespace {

// Positions in Machine::core_cpus.
std::vector<std::size_t> cores_in(const Machine& machine, const IdSet& cpus) {
  std::vector<std::size_t> cores;
  for (std::size_t core = 0; core < machine.core_cpus.size(); ++core) {
    const IdSet& threads = machine.core_cpus[core];
    if (std::any_of(threads.begin(), threads.end(),
                    [&](int cpu) { return std::binary_search(cpus.begin(), cpus.end(), cpu); }))
      cores.push_back(core);
  }
  return cores;
}

}  // namespace

int count_cores(const Machine& machine, const IdSet& cpus) {
  return static_cast<int>(cores_in(machine, cpus).size());
}

std::vector<int> threads_of_ranks(const Machine& machine,
                                  const std::vector<std::shared_ptr<const Placement>>& places) {
  std::vector<std::vector<std::size_t>> cores;
  std::vector<int> users(machine.core_cpus.size(), 0);
  for (const auto& place : places) {
    cores.push_back(cores_in(machine, place->cpus));
    for (const std::size_t core : cores.back()) ++users[core];
  }
  const auto ranks = static_cast<double>(places.size());
  std::vector<int> threads;
  for (std::size_t rank = 0; rank < places.size(); ++rank) {
    double mine = places[rank]->cpus.empty() ? machine.cores / ranks : 0;
    for (const std::size_t core : cores[rank]) mine += 1.0 / users[core];
    if (machine.cpu_quota) mine = std::min(mine, *machine.cpu_quota / ranks);
    // A sum of thirds is a little less than one.
    threads.push_back(std::max(1, static_cast<int>(mine + 1e-6)));
  }
  return threads;
}

}  // namespace smlaunch
