// SPDX-License-Identifier: Apache-2.0
// How long planning takes, by the number of hosts: place() and make_plan(), and apart from them the JSON and
// its hash.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "bench/record.hpp"
#include "launcher/plan/plan_json.hpp"

namespace smlaunch {
namespace {

constexpr int ranks_per_host = 8;
constexpr double budget_milliseconds = 150;
constexpr int budget_hosts = 10'000;
constexpr const char* plan_measure = "planning, eight ranks a host";

Machine eight_gpus() {
  constexpr int nodes = 2;
  constexpr int cores_per_node = 48;
  Machine machine;
  machine.host = "bench";
  machine.packages = nodes;
  machine.cores = nodes * cores_per_node;
  machine.processing_units = 2 * machine.cores;
  for (int node = 0; node < nodes; ++node) {
    NumaNode& added = machine.numa_nodes.emplace_back();
    added.os_index = node;
    added.memory_bytes = std::uint64_t{1} << 40U;
    for (int core = node * cores_per_node; core < (node + 1) * cores_per_node; ++core) {
      machine.core_cpus.push_back({core, core + machine.cores});
      added.cpus = united(added.cpus, machine.core_cpus.back());
    }
  }
  for (int i = 0; i < ranks_per_host; ++i) {
    Nic& nic = machine.nics.emplace_back();
    nic.name = fmt::format("mlx5_{}", i);
    nic.kind = NicKind::infiniband;
    nic.numa = i / 4;
    Gpu& gpu = machine.gpus.emplace_back();
    gpu.index = i;
    gpu.model = "NVIDIA H100 80GB HBM3";
    gpu.uuid = fmt::format("GPU-{:08x}-0000-0000-0000-000000000000", i);
    gpu.pci = fmt::format("0000:{:02x}:00.0", 16 * i + 11);
    gpu.numa = i / 4;
    gpu.cpus = machine.numa_nodes[static_cast<std::size_t>(i / 4)].cpus;
    auto& row = machine.gpu_nic.emplace_back();
    for (int nic_index = 0; nic_index < ranks_per_host; ++nic_index)
      row.push_back(nic_index == i ? Nearness::PIX : nic_index / 4 == i / 4 ? Nearness::NODE : Nearness::SYS);
  }
  machine.gpu_gpu.assign(ranks_per_host, std::vector<std::string>(ranks_per_host, "NV18"));
  return machine;
}

struct BenchJob {
  JobSpec spec;
  Cluster cluster;
};

BenchJob make_job(int hosts) {
  const auto machine = std::make_shared<const Machine>(eight_gpus());
  Environment environment;
  PyList names;
  BenchJob job;
  job.cluster.hosts.reserve(static_cast<std::size_t>(hosts));
  for (int i = 1; i <= hosts; ++i) {
    Host host;
    host.name = fmt::format("algo-{}", i);
    host.group = "homogeneousCluster";
    host.instance_type = "ml.p5.48xlarge";
    host.ranks = ranks_per_host;
    host.machine = machine;
    environment.hosts.push_back(host.name);
    names.push_back({host.name});
    job.cluster.hosts.push_back(std::move(host));
  }
  environment.distribution_hosts = environment.hosts;
  environment.paths = make_paths("/opt/ml");
  environment.current_host = environment.leader = "algo-1";
  environment.num_gpus = machine->usable_gpus();
  environment.num_cpus = machine->processing_units;
  environment.resource_config = {
      PyDict{{"current_host", {std::string("algo-1")}}, {"hosts", {std::move(names)}}}};
  environment.hyperparameters = environment.framework_parameters = environment.sagemaker_hyperparameters =
      environment.input_data_config = {PyDict{}};
  environment.entry_point.name = "train.py";
  environment.entry_point.working_directory = "/opt/ml/code";
  job.spec.environment = std::make_shared<const Environment>(std::move(environment));
  job.spec.launcher = LauncherKind::mpi;
  job.spec.network_interface = "eth0";
  return job;
}

struct Spread {
  double fastest = 0;
  double median = 0;
  double slowest = 0;
};

// In milliseconds, of as many calls as fit into about a second: three to thirty.
template <class Work>
Spread measure(const char* what, int hosts, Work work) {
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
  return {times.front(), times[times.size() / 2], times.back()};
}

std::string to_text(const Spread& spread, double before) {
  const std::string factor = before > 0 ? fmt::format("x{:.1f}", spread.median / before) : "";
  return fmt::format("{:>10.2f} {:>10} {:>6}", spread.median,
                     fmt::format("({:.0f}-{:.0f})", spread.fastest, spread.slowest), factor);
}

int run_bench(int most_hosts) {
  fmt::print("{:>7} {:>8} | {:^28} | {:^28} | {:^28}\n", "hosts", "ranks", "plan, ms (range)",
             "hash, ms (range)", "JSON, ms (range)");
  Spread plans;
  Spread hashes;
  Spread texts;
  bool within = true;
  for (int hosts = 10; hosts <= most_hosts; hosts *= 10) {
    const BenchJob job = make_job(hosts);
    const auto made = make_plan(job.spec, job.cluster);
    if (!made) {
      fmt::print(stderr, "{}: {}\n", made.error().problems.front().where, made.error().problems.front().what);
      return 1;
    }
    const double before[] = {plans.median, hashes.median, texts.median};
    plans = measure(plan_measure, hosts, [&] { (void)make_plan(job.spec, job.cluster); });
    hashes = measure("hash of a plan", hosts, [&] { (void)plan_hash(*made); });
    texts = measure("JSON of a plan", hosts, [&] { (void)render_plan_json(*made); });
    fmt::print("{:>7} {:>8} | {} | {} | {}\n", hosts, made->world_size(), to_text(plans, before[0]),
               to_text(hashes, before[1]), to_text(texts, before[2]));
    std::fflush(stdout);
    if (hosts == budget_hosts) within = plans.median <= budget_milliseconds;
  }
  record_budget(plan_measure, fmt::format("{} hosts", budget_hosts), budget_milliseconds);
  fmt::print("budget: {} hosts planned in {:.0f} ms: {}\n", budget_hosts, budget_milliseconds,
             within ? "kept" : "EXCEEDED");
  return 0;
}

}  // namespace
}  // namespace smlaunch

int main(int argc, char** argv) { return smlaunch::run_bench(argc > 1 ? std::atoi(argv[1]) : 100'000); }
