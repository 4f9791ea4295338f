// SPDX-License-Identifier: Apache-2.0
// How long placing takes, by the number of hosts, which are of four kinds: what place() does for a plan, and
// finding the hosts that are not like the rest. Hosts share a machine, as those do that are assumed to be
// like one; or each has its own, as --probe makes them: the same but for names and UUIDs.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "bench/record.hpp"
#include "topology/layout.hpp"
#include "topology/odd_hosts.hpp"

namespace smlaunch {
namespace {

constexpr int gpus_per_host = 8;
constexpr int budget_hosts = 10'000;
constexpr double budget_milliseconds = 150;

struct Kind {
  const char* model;
  int nodes;
  int cores_per_node;
  int nics;
};
constexpr Kind kinds[] = {{"NVIDIA H200", 8, 16, 8},
                          {"NVIDIA H100 80GB HBM3", 2, 48, 32},
                          {"NVIDIA A100-SXM4-40GB", 2, 24, 4},
                          {"Tesla T4", 1, 48, 1}};

Machine make_machine(const Kind& kind) {
  Machine machine;
  machine.packages = std::min(kind.nodes, 2);
  machine.cores = kind.nodes * kind.cores_per_node;
  machine.processing_units = 2 * machine.cores;
  for (int node = 0; node < kind.nodes; ++node) {
    NumaNode& added = machine.numa_nodes.emplace_back();
    added.os_index = node;
    added.memory_bytes = std::uint64_t{1} << 38U;
    for (int core = node * kind.cores_per_node; core < (node + 1) * kind.cores_per_node; ++core) {
      machine.core_cpus.push_back({core, core + machine.cores});
      added.cpus = united(added.cpus, machine.core_cpus.back());
    }
  }
  for (int i = 0; i < kind.nics; ++i) {
    Nic& nic = machine.nics.emplace_back();
    nic.name = fmt::format("mlx5_{}", i);
    nic.kind = NicKind::infiniband;
    nic.numa = i * kind.nodes / kind.nics;
  }
  for (int i = 0; i < gpus_per_host; ++i) {
    Gpu& gpu = machine.gpus.emplace_back();
    gpu.index = i;
    gpu.model = kind.model;
    gpu.numa = i * kind.nodes / gpus_per_host;
    gpu.cpus = machine.numa_nodes[static_cast<std::size_t>(*gpu.numa)].cpus;
    auto& row = machine.gpu_nic.emplace_back();
    for (const Nic& nic : machine.nics) row.push_back(nic.numa == gpu.numa ? Nearness::PIX : Nearness::SYS);
  }
  machine.gpu_gpu.assign(gpus_per_host, std::vector<std::string>(gpus_per_host, "NV18"));
  return machine;
}

Machine with_own_names(Machine machine, int host) {
  machine.host = fmt::format("algo-{}", host + 1);
  for (Gpu& gpu : machine.gpus) gpu.uuid = fmt::format("GPU-{}-{}", host, gpu.index);
  machine.interfaces = {{"eth0", true, {fmt::format("10.{}.{}.1", host / 256 % 256, host % 256)}}};
  return machine;
}

// The kinds alternate, so that no two neighbours are equal.
Cluster make_cluster(int hosts, bool own_machines) {
  std::vector<std::shared_ptr<const Machine>> machines;
  for (const Kind& kind : kinds) machines.push_back(std::make_shared<const Machine>(make_machine(kind)));
  Cluster cluster;
  for (int i = 0; i < hosts; ++i) {
    Host host;
    host.name = fmt::format("algo-{}", i + 1);
    host.ranks = gpus_per_host;
    host.machine = machines[static_cast<std::size_t>(i) % machines.size()];
    if (own_machines) host.machine = std::make_shared<const Machine>(with_own_names(*host.machine, i));
    host.source = TopologySource::probed;
    cluster.hosts.push_back(std::move(host));
  }
  return cluster;
}

// The median, in milliseconds, of as many calls as fit into about a second: three to thirty.
template <class Work>
double measure(const char* what, int hosts, Work work) {
  std::vector<double> times;
  double total = 0;
  while (times.size() < 3 || (times.size() < 30 && total < 1000)) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    times.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
    total += times.back();
  }
  record(what, "ms", fmt::format("{} hosts", hosts), times);
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

// A machine each for 100,000 hosts would be a gigabyte of them.
void run_bench(bool own_machines) {
  fmt::print("{}\n{:>7} {:>8} {:>12} {:>15}\n", own_machines ? "a machine for each host" : "shared machines",
             "hosts", "ranks", "place, ms", "odd hosts, ms");
  double at_budget = 0;
  for (int hosts = 10; hosts <= (own_machines ? budget_hosts : 100'000); hosts *= 10) {
    const Cluster cluster = make_cluster(hosts, own_machines);
    const char* place_measure =
        own_machines ? "placing, a machine for each host" : "placing, shared machines";
    const char* odd_measure =
        own_machines ? "odd hosts, a machine for each host" : "odd hosts, shared machines";
    const double placed = measure(place_measure, hosts, [&] { (void)place(cluster, LayoutRequest{}); });
    const double odd = measure(odd_measure, hosts, [&] { (void)find_odd_hosts(cluster); });
    fmt::print("{:>7} {:>8} {:>12.2f} {:>15.2f}\n", hosts, hosts * gpus_per_host, placed, odd);
    std::fflush(stdout);
    if (hosts == budget_hosts) at_budget = placed + odd;
  }
  fmt::print("budget: {} hosts of {} kinds in {:.0f} ms: {:.1f} ms\n", budget_hosts, std::size(kinds),
             budget_milliseconds, at_budget);
}

}  // namespace
}  // namespace smlaunch

int main() {
  smlaunch::run_bench(false);
  smlaunch::run_bench(true);
}
