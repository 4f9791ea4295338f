// SPDX-License-Identifier: Apache-2.0
// A job on many hosts with eight GPUs each, without a container's files.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "launcher/plan/plan.hpp"

namespace smlaunch {

inline constexpr int ranks_per_host = 8;

inline Machine eight_gpus() {
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

inline BenchJob make_job(int hosts) {
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

}  // namespace smlaunch
