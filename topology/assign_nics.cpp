// SPDX-License-Identifier: Apache-2.0
// A NIC takes any number of GPUs, so the total distance is least when every GPU uses one of its nearest NICs.
// Then the loads are balanced: a chain of swaps is followed as long as one leads from a NIC to another NIC
// with at least two GPUs fewer. When no such chain is left, no assignment shares less (the loads are then
// optimal for every convex cost).
#include "topology/assign_nics.hpp"

#include <algorithm>
#include <cstddef>
#include <queue>
#include <utility>

#include "base/indexed.hpp"

namespace smlaunch {
namespace {

// A position in the list of GPUs that are to get a NIC.
struct Place {
  int value = 0;
};

using Choices = Indexed<Place, std::vector<NicIndex>>;

class Balance {
 public:
  Balance(Choices choices, std::size_t nics)
      : choices_(std::move(choices)), chosen_(choices_.size()), load_(nics, 0) {}

  Indexed<Place, NicIndex> solve() {
    for (const Place gpu : choices_.indices()) {
      const auto& nics = choices_[gpu];
      const auto least = std::min_element(nics.begin(), nics.end(),
                                          [&](NicIndex a, NicIndex b) { return load_[a] < load_[b]; });
      chosen_[gpu] = *least;
      ++load_[*least];
    }
    for (bool improved = true; improved;) {
      improved = false;
      for (const NicIndex nic : load_.indices()) improved = relieve(nic) || improved;
    }
    return chosen_;
  }

 private:
  using Moves = Indexed<NicIndex, std::optional<Place>>;

  // A breadth-first search. A step leads from one NIC to another that a GPU of the first could use instead.
  bool relieve(NicIndex from) {
    Moves moved(load_.size());  // the GPU that would come to this NIC
    std::queue<NicIndex> open;
    open.push(from);
    while (!open.empty()) {
      const NicIndex nic = open.front();
      open.pop();
      if (load_[nic] + 2 <= load_[from]) {
        shift(nic, from, moved);
        return true;
      }
      for (const Place gpu : choices_.indices()) {
        if (chosen_[gpu] != nic) continue;
        for (const NicIndex other : choices_[gpu]) {
          if (other == from || moved[other]) continue;
          moved[other] = gpu;
          open.push(other);
        }
      }
    }
    return false;
  }

  void shift(NicIndex to, NicIndex from, const Moves& moved) {
    ++load_[to];
    --load_[from];
    while (to != from) to = std::exchange(chosen_[*moved[to]], to);
  }

  Choices choices_;  // per GPU, its nearest NICs
  Indexed<Place, NicIndex> chosen_;
  Indexed<NicIndex, int> load_;
};

}  // namespace

std::vector<NicIndex> training_nics(const Machine& machine) {
  std::vector<NicIndex> nics;
  std::vector<NicIndex> fabric;
  for (const NicIndex index : machine.nic_indices()) {
    const Nic& nic = machine.nic(index);
    if (nic.link_up) nics.push_back(index);
    if (nic.link_up && nic.kind != NicKind::ethernet) fabric.push_back(index);
  }
  return fabric.empty() ? nics : fabric;
}

std::vector<std::optional<NicIndex>> assign_nics(const Machine& machine, const std::vector<GpuIndex>& gpus) {
  const std::vector<NicIndex> nics = training_nics(machine);
  if (nics.empty()) return std::vector<std::optional<NicIndex>>(gpus.size());
  Choices choices;
  for (const GpuIndex gpu : gpus) {
    Nearness nearest = Nearness::SYS;
    for (const NicIndex nic : nics) nearest = std::min(nearest, machine.nearness(gpu, nic));
    auto& best = choices.emplace_back();
    for (const NicIndex nic : nics) {
      if (machine.nearness(gpu, nic) == nearest) best.push_back(nic);
    }
  }
  const Indexed<Place, NicIndex> chosen = Balance(std::move(choices), machine.nics.size()).solve();
  return {chosen.begin(), chosen.end()};
}

}  // namespace smlaunch
