// SPDX-License-Identifier: Apache-2.0
// LOCAL_RANK i is CUDA device i, so the GPU is given; the CPUs follow the GPU, the memory follows the CPUs,
// and the NIC is chosen for all GPUs at once. Ranks that are near nothing in particular are spread over the
// NUMA nodes. Where ranks outnumber whole cores, hardware threads are divided instead.
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>

#include "topology/choose_nics.hpp"
#include "topology/cpu_units.hpp"
#include "topology/layout.hpp"
#include "topology/share_cores.hpp"
#include "topology/spread_over_nodes.hpp"

namespace smlaunch {
namespace {

std::string counted(std::size_t number, const char* what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

// Where a rank wants to be: its CPUs (empty: anywhere) and the words for it.
struct Home {
  IdSet cpus;
  std::string name;     // "NUMA node 1"; empty for anywhere
  std::string lost;     // why it is not near its GPU, where it should have been
  bool at_gpu = false;  // it is where its GPU is
};

class MachinePlacer {
 public:
  MachinePlacer(const Machine& machine, int ranks, BindPolicy bind, std::string why_none)
      : machine_(machine),
        bind_(bind),
        why_none_(std::move(why_none)),
        allowed_(allowed_cpus(machine)),
        placed_(static_cast<std::size_t>(ranks)) {
    for (const GpuIndex gpu : machine.gpu_indices())
      if (machine.gpu(gpu).usable) usable_.push_back(gpu);
  }

  std::vector<std::shared_ptr<const Placement>> place() {
    place_gpus();
    place_cpus();
    place_nics();
    std::vector<std::shared_ptr<const Placement>> result;
    for (auto& placement : placed_) {
      placement.why += '.';
      placement.why.front() =
          static_cast<char>(std::toupper(static_cast<unsigned char>(placement.why.front())));
      result.push_back(std::make_shared<const Placement>(std::move(placement)));
    }
    return result;
  }

 private:
  static void say(Placement& placement, const std::string& clause) {
    if (!placement.why.empty()) placement.why += "; ";
    placement.why += clause;
  }

  void place_gpus() {
    if (usable_.empty() && !machine_.gpus.empty()) {
      const char* none =
          machine_.gpus.size() == 1 ? "the machine's GPU is not usable" : "no GPU here is usable";
      for (auto& placement : placed_)
        say(placement, fmt::format("{} ({})", none, to_string(machine_.gpus[0].unusable_because)));
    }
    for (std::size_t rank = 0; rank < placed_.size() && !usable_.empty(); ++rank) {
      const std::size_t device = rank % usable_.size();
      placed_[rank].gpu = usable_[device];
      const std::size_t mates = (placed_.size() - device - 1) / usable_.size();
      if (mates > 0) {
        say(placed_[rank],
            fmt::format("shares GPU {} with {}, because {} meet {}", device, counted(mates, "other rank"),
                        counted(placed_.size(), "rank"), counted(usable_.size(), "usable GPU")));
      }
    }
  }

  [[nodiscard]] Home home_of_gpu(const Placement& placement) const {
    Home home;
    if (!placement.gpu) return home;
    const Gpu& near = machine_.gpu(*placement.gpu);
    IdSet cpus = near.cpus;
    for (const NumaNode& node : machine_.numa_nodes) {
      if (near.numa != node.os_index) continue;
      home.name = fmt::format("NUMA node {}", node.os_index);
      cpus = node.cpus;
    }
    home.cpus = intersection(cpus, allowed_);
    if (cpus.empty() && !near.numa) {
      home.lost = "the machine does not say which CPUs its GPU is near";
    } else if (home.cpus.empty()) {
      home.lost = fmt::format("none of the CPUs near its GPU{} may be used here",
                              near.numa ? fmt::format(" on NUMA node {}", *near.numa) : "");
    } else if (home.name.empty()) {
      home.name = fmt::format("the {} near its GPU", counted(home.cpus.size(), "CPU"));
    }
    home.at_gpu = home.lost.empty();
    if (!home.at_gpu) home.name.clear();
    return home;
  }

  void place_cpus() {
    if (bind_ == BindPolicy::none) {
      for (auto& placement : placed_) say(placement, why_none_);
    } else if (allowed_.empty()) {
      for (auto& placement : placed_) say(placement, "not bound, because the machine's CPUs are not known");
    } else if (bind_ == BindPolicy::numa) {
      bind_to_nodes();
    } else {
      bind_to_shares();
    }
    for (auto& placement : placed_) {
      placement.numa = nodes_for(placement.cpus);
      const auto is_its = [&](const NumaNode& node) {
        return !intersection(node.cpus, placement.cpus).empty();
      };
      if (placement.numa.empty() &&
          std::any_of(machine_.numa_nodes.begin(), machine_.numa_nodes.end(), is_its))
        say(placement, "its memory comes from elsewhere, because there is none near its CPUs");
    }
  }

  // Gives a home to each rank that has none.
  void spread(std::vector<Home>& homes, const CpuUnits& units) const {
    std::vector<int> node_ids;
    std::vector<NodeRoom> rooms;
    for (const auto& [node, mine] : units.of_node) {
      IdSet cpus;
      for (const int unit : mine) cpus = united(cpus, units.cpus[static_cast<std::size_t>(unit)]);
      const auto in_use = [&](const IdSet& other) { return !intersection(other, cpus).empty(); };
      node_ids.push_back(node);
      rooms.push_back(
          {static_cast<int>(std::count_if(machine_.core_cpus.begin(), machine_.core_cpus.end(), in_use)),
           static_cast<int>(mine.size()),
           static_cast<int>(std::count_if(homes.begin(), homes.end(),
                                          [&](const Home& home) { return in_use(home.cpus); }))});
    }
    std::vector<Home*> without;
    for (Home& home : homes)
      if (home.cpus.empty()) without.push_back(&home);
    const auto places = spread_over_nodes(rooms, without.size());
    for (std::size_t i = 0; i < without.size(); ++i) {
      IdSet nodes;
      for (const int position : places[i]) {
        const int node = node_ids[static_cast<std::size_t>(position)];
        nodes.push_back(node);
        for (const int unit : units.of_node.at(node))
          without[i]->cpus = united(without[i]->cpus, units.cpus[static_cast<std::size_t>(unit)]);
      }
      if (nodes.size() < node_ids.size() && nodes.front() >= 0)
        without[i]->name = fmt::format("NUMA node{} {}", nodes.size() == 1 ? "" : "s", to_string(nodes));
    }
  }

  // Every rank gets a whole NUMA node, which it may share with others.
  void bind_to_nodes() {
    std::vector<Home> homes;
    for (const Placement& placement : placed_) homes.push_back(home_of_gpu(placement));
    spread(homes, cpu_units_of(machine_, placed_.size()));
    for (std::size_t rank = 0; rank < placed_.size(); ++rank) {
      Home& home = homes[rank];
      if (!home.at_gpu) keep_one_node(home);
      placed_[rank].cpus = home.cpus;
      const std::string reason = home.lost.empty() ? "" : fmt::format(", because {}", home.lost);
      say(placed_[rank],
          fmt::format("has all of {}{}{}", home.name.empty() ? "the machine's CPUs" : home.name,
                      home.at_gpu ? ", where its GPU is" : "", reason));
    }
  }

  // With fewer ranks than nodes, a home may span several nodes: the first one is kept.
  void keep_one_node(Home& home) const {
    for (const NumaNode& node : machine_.numa_nodes) {
      const IdSet cpus = intersection(node.cpus, home.cpus);
      if (cpus.empty()) continue;
      home.cpus = cpus;
      home.name = fmt::format("NUMA node {}", node.os_index);
      return;
    }
  }

  void bind_to_shares() {
    const CpuUnits units = cpu_units_of(machine_, placed_.size());
    std::vector<Home> homes;
    std::vector<Placement*> bound;
    for (Placement& placement : placed_) {
      Home home = bind_ == BindPolicy::core ? Home{} : home_of_gpu(placement);
      if (bind_ == BindPolicy::gpu && home.cpus.empty()) {
        say(placement,
            placement.gpu ? "not bound, because " + home.lost : "not bound, because it has no GPU");
        continue;
      }
      homes.push_back(std::move(home));
      bound.push_back(&placement);
    }
    spread(homes, units);
    std::vector<IdSet> wanted;
    for (const Home& home : homes) {
      IdSet& near = wanted.emplace_back();
      for (const int cpu : home.cpus) near.push_back(units.unit_of_cpu.at(cpu));
      std::sort(near.begin(), near.end());
      near.erase(std::unique(near.begin(), near.end()), near.end());
    }
    const auto shares = share_cores(wanted, static_cast<int>(units.cpus.size()));
    for (std::size_t i = 0; i < bound.size(); ++i) {
      for (const int unit : shares[i].units) {
        bound[i]->cpus = united(bound[i]->cpus, units.cpus[static_cast<std::size_t>(unit)]);
      }
      say(*bound[i], share_in_words(homes[i], shares[i], units, wanted[i].size()));
    }
  }

  [[nodiscard]] std::string share_in_words(const Home& home, const CoreShare& share, const CpuUnits& units,
                                           std::size_t in_home) const {
    const std::size_t all = units.cpus.size();
    if (share.shared) {
      return fmt::format("shares a hardware thread with other ranks, because {} meet {}",
                         counted(placed_.size(), "rank"), counted(all, "hardware thread"));
    }
    const std::string mine = counted(share.units.size(), units.name);
    std::string because = placed_.size() > machine_.core_cpus.size()
                              ? fmt::format(", because {} meet {}", counted(placed_.size(), "rank"),
                                            counted(machine_.core_cpus.size(), "core"))
                              : "";
    if (share.away) {
      return fmt::format("has {} away from its GPU, because {} has fewer {}s than ranks", mine, home.name,
                         units.name);
    }
    if (!home.lost.empty())
      because += fmt::format("{} {}", because.empty() ? ", because" : " and", home.lost);
    if (home.name.empty())
      return fmt::format("has {} of the machine's {}{}", share.units.size(), counted(all, units.name),
                         because);
    const char* where = home.at_gpu ? ", where its GPU is" : "";
    if (share.units.size() == in_home) {
      return fmt::format("has {} {} of {}{}{}", in_home == 1 ? "the only" : "all",
                         in_home == 1 ? units.name : mine, home.name, where, because);
    }
    return fmt::format("has {} of the {} of {}{}{}", share.units.size(), counted(in_home, units.name),
                       home.name, where, because);
  }

  // Memory comes from where the CPUs are. For a rank that is spread over all nodes, the kernel decides.
  [[nodiscard]] IdSet nodes_for(const IdSet& cpus) const {
    IdSet nodes;
    const bool memory_is_known = std::any_of(machine_.numa_nodes.begin(), machine_.numa_nodes.end(),
                                             [](const NumaNode& node) { return node.memory_bytes > 0; });
    for (const NumaNode& node : machine_.numa_nodes) {
      if (memory_is_known && node.memory_bytes == 0) continue;
      if (!intersection(node.cpus, cpus).empty()) nodes.push_back(node.os_index);
    }
    std::sort(nodes.begin(), nodes.end());
    return nodes;
  }

  void place_nics() {
    const std::vector<GpuIndex> used(usable_.begin(), usable_.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                                            usable_.size(), placed_.size())));
    if (used.empty()) return;
    const std::vector<ChosenNic> chosen = choose_nics(machine_, used);
    for (std::size_t rank = 0; rank < placed_.size(); ++rank) {
      const ChosenNic& own = chosen[rank % used.size()];
      placed_[rank].nic = own.nic;
      placed_[rank].nic_path = own.path;
      if (!own.why.empty()) say(placed_[rank], own.why);
    }
  }

  const Machine& machine_;
  BindPolicy bind_;
  std::string why_none_;
  IdSet allowed_;
  std::vector<GpuIndex> usable_;
  std::vector<Placement> placed_;
};

}  // namespace

std::vector<std::shared_ptr<const Placement>> place_on_machine(const Machine& machine, int local_world_size,
                                                               BindPolicy bind, const std::string& why_none) {
  return MachinePlacer(machine, std::max(local_world_size, 0), bind, why_none).place();
}

}  // namespace smlaunch
