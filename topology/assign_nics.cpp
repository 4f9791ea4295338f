// SPDX-License-Identifier: Apache-2.0
// A NIC takes any number of GPUs, so the total distance is least when every GPU uses one of its nearest NICs.
// Then the loads are balanced: a chain of swaps is followed as long as one leads from a NIC to another NIC
// with at least two GPUs fewer. When no such chain is left, no assignment shares less (the loads are then
// optimal for every convex cost).
#include "topology/assign_nics.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <queue>
#include <utility>

namespace smlaunch {
namespace {

Nearness distance(const Machine& machine, int gpu, int nic) {
  const auto g = static_cast<std::size_t>(gpu);
  const auto n = static_cast<std::size_t>(nic);
  const bool known = g < machine.gpu_nic.size() && n < machine.gpu_nic[g].size();
  return known ? machine.gpu_nic[g][n] : Nearness::SYS;
}

class Balance {
 public:
  Balance(std::vector<std::vector<int>> choices, std::size_t nics)
      : choices_(std::move(choices)), chosen_(choices_.size(), -1), load_(nics, 0) {}

  std::vector<int> solve() {
    for (std::size_t gpu = 0; gpu < choices_.size(); ++gpu) {
      const auto& nics = choices_[gpu];
      const auto least =
          std::min_element(nics.begin(), nics.end(), [&](int a, int b) { return at(a) < at(b); });
      chosen_[gpu] = *least;
      ++at(*least);
    }
    for (bool improved = true; improved;) {
      improved = false;
      for (std::size_t nic = 0; nic < load_.size(); ++nic)
        improved = relieve(static_cast<int>(nic)) || improved;
    }
    return chosen_;
  }

 private:
  int& at(int nic) { return load_[static_cast<std::size_t>(nic)]; }

  // A breadth-first search. A step leads from one NIC to another that a GPU of the first could use instead.
  bool relieve(int from) {
    std::vector<int> moved(load_.size(), -1);  // the GPU that would come to this NIC
    std::vector<bool> seen(load_.size(), false);
    std::queue<int> open;
    open.push(from);
    seen[static_cast<std::size_t>(from)] = true;
    while (!open.empty()) {
      const int nic = open.front();
      open.pop();
      if (at(nic) + 2 <= at(from)) {
        shift(nic, from, moved);
        return true;
      }
      for (std::size_t gpu = 0; gpu < choices_.size(); ++gpu) {
        if (chosen_[gpu] != nic) continue;
        for (const int other : choices_[gpu]) {
          const auto o = static_cast<std::size_t>(other);
          if (seen[o]) continue;
          seen[o] = true;
          moved[o] = static_cast<int>(gpu);
          open.push(other);
        }
      }
    }
    return false;
  }

  void shift(int to, int from, const std::vector<int>& moved) {
    ++at(to);
    --at(from);
    while (to != from) {
      const auto gpu = static_cast<std::size_t>(moved[static_cast<std::size_t>(to)]);
      const int before = chosen_[gpu];
      chosen_[gpu] = to;
      to = before;
    }
  }

  std::vector<std::vector<int>> choices_;  // per GPU, its nearest NICs
  std::vector<int> chosen_;
  std::vector<int> load_;
};

}  // namespace

std::vector<int> training_nics(const Machine& machine) {
  std::vector<int> nics;
  for (std::size_t i = 0; i < machine.nics.size(); ++i) {
    if (machine.nics[i].link_up) nics.push_back(static_cast<int>(i));
  }
  std::vector<int> fabric;
  std::copy_if(nics.begin(), nics.end(), std::back_inserter(fabric), [&](int nic) {
    return machine.nics[static_cast<std::size_t>(nic)].kind != NicKind::ethernet;
  });
  return fabric.empty() ? nics : fabric;
}

std::vector<std::optional<int>> assign_nics(const Machine& machine, const std::vector<int>& gpus) {
  const std::vector<int> nics = training_nics(machine);
  if (nics.empty()) return std::vector<std::optional<int>>(gpus.size());
  std::vector<std::vector<int>> choices;
  for (const int gpu : gpus) {
    Nearness nearest = Nearness::SYS;
    for (const int nic : nics) nearest = std::min(nearest, distance(machine, gpu, nic));
    auto& best = choices.emplace_back();
    for (const int nic : nics) {
      if (distance(machine, gpu, nic) == nearest) best.push_back(nic);
    }
  }
  const std::vector<int> chosen = Balance(std::move(choices), machine.nics.size()).solve();
  return {chosen.begin(), chosen.end()};
}

}  // namespace smlaunch
