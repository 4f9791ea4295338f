// SPDX-License-Identifier: Apache-2.0
#include "launcher/plan/starter.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "launcher/plan/redaction.hpp"

namespace smlaunch {

namespace {

// The toolkit's ports of the XLA runtime: each host starts its part itself, and all must agree.
constexpr int xla_mesh_port = 53957;
constexpr int xla_worker_port = 43857;

std::vector<std::string> node_names(const LaunchPlan& plan) {
  if (!plan.nodes.empty()) return plan.nodes;
  std::vector<std::string> names;
  for (const Host& host : plan.cluster.hosts) names.push_back(host.name);
  return names;
}

int gpus_of(const Host& host) { return host.machine->usable_gpus(); }

bool hosts_have_equal_ranks(const LaunchPlan& plan) {
  const auto& counts = plan.layout.ranks_per_host;
  return std::all_of(counts.begin(), counts.end(), [&](int count) { return count == counts.front(); });
}

Result<std::vector<std::string>> torchrun_command(const JobSpec& spec, const LaunchPlan& plan) {
  std::vector<std::string> command;
  // AWS's Neuron images compile a job's graphs first: the same job, run by this program.
  const auto compile = spec.inherited.find("RUN_NEURON_PARALLEL_COMPILE");
  if (compile != spec.inherited.end() && compile->second == "1")
    command.emplace_back("neuron_parallel_compile");
  command.insert(command.end(), spec.torchrun.begin(), spec.torchrun.end());
  const auto add = [&](std::initializer_list<std::string> words) { command.insert(command.end(), words); };
  add({"--nnodes", std::to_string(node_names(plan).size())});
  if (hosts_have_equal_ranks(plan))
    add({"--nproc_per_node", std::to_string(plan.layout.ranks_per_host.front())});
  if (must_agree_on_port(plan))
    add({"--master_addr", plan.leader, "--master_port", std::to_string(plan.master_port.value_or(0)),
         "--node_rank", std::to_string(plan.first_node_rank)});
  const EntryPoint& entry = plan.entry_point;
  std::vector<std::string> program = process_command(entry, "", false);
  if (knows_ranks_of_starter(spec)) {
    const bool is_command =
        entry.kind == EntryPointKind::command || entry.kind == EntryPointKind::framework_module;
    add({"--no_python", spec.smlaunch, "rank", of_starter_word, "--"});
    if (is_command && entry.kind == EntryPointKind::framework_module) program.front() = spec.python;
    if (!is_command) {
      program.erase(program.begin(), program.begin() + (program.at(1) == "--" ? 2 : 1));
      add({spec.torchrun_python.c_str(), "-u"});
    }
    command.insert(command.end(), program.begin(), program.end());
    return command;
  }
  if (entry.kind == EntryPointKind::command || entry.kind == EntryPointKind::framework_module) {
    add({"--no_python"});
    if (entry.kind == EntryPointKind::framework_module) program.front() = spec.python;
  } else {
    // torchrun has an interpreter of its own, and no "--" before the program.
    program.erase(program.begin(), program.begin() + (program.at(1) == "--" ? 2 : 1));
  }
  command.insert(command.end(), program.begin(), program.end());
  return command;
}

Result<std::vector<std::string>> xla_command(const JobSpec& spec, const LaunchPlan& plan) {
  if (plan.entry_point.kind != EntryPointKind::python_program)
    return failure(Fault::configuration, fmt::format("launcher xla: entry point {}", plan.entry_point.name),
                   fmt::format("is a {}: torch_xla.distributed.xla_spawn imports one Python file",
                               to_string(plan.entry_point.kind)),
                   "name a .py file, or take --launcher torchrun, which starts anything");
  for (const Host& host : plan.cluster.hosts)
    if (gpus_of(host) == 0)
      return failure(Fault::configuration, fmt::format("launcher xla: {}", host.name), "has no GPU",
                     "PyTorch/XLA's launcher starts one rank for each GPU; --launcher torchrun needs none");
  const auto& hosts = plan.cluster.hosts;
  const int gpus = gpus_of(hosts.front());
  if (std::any_of(hosts.begin(), hosts.end(), [&](const Host& host) { return gpus_of(host) != gpus; }))
    return failure(Fault::configuration, "launcher xla", "the hosts have different numbers of GPUs",
                   "name hosts that are alike, or take --launcher torchrun");
  std::vector<std::string> command = {
      spec.python,          "-m", "torch_xla.distributed.xla_spawn", "--num_gpus", std::to_string(gpus),
      plan.entry_point.name};
  command.insert(command.end(), plan.entry_point.arguments.begin(), plan.entry_point.arguments.end());
  return command;
}

Variables xla_variables(const LaunchPlan& plan) {
  const std::vector<std::string> nodes = node_names(plan);
  const std::string gpus = std::to_string(gpus_of(plan.cluster.hosts.front()));
  std::string workers;
  for (std::size_t i = 0; i < nodes.size(); ++i)
    workers += fmt::format("{}localservice:{};{}:{}", i == 0 ? "" : "|", i, nodes[i], xla_worker_port);
  Variables made = {{"NCCL_DEBUG", "info"},          {"NCCL_PROTO", "simple"},
                    {"FI_EFA_USE_DEVICE_RDMA", "1"}, {"OFI_NCCL_NIC_DUP_CONNS", gpus},
                    {"GPU_NUM_DEVICES", gpus},       {"XRT_SHARD_WORLD_SIZE", std::to_string(nodes.size())},
                    {"XRT_WORKERS", workers}};
  if (nodes.size() > 1) made["XRT_MESH_SERVICE_ADDRESS"] = fmt::format("{}:{}", plan.leader, xla_mesh_port);
  if (plan.cluster.hosts.size() == 1) made["XRT_HOST_ORDINAL"] = std::to_string(plan.first_node_rank);
  return made;
}

}  // namespace

bool has_starter(LauncherKind launcher) {
  return launcher == LauncherKind::torchrun || launcher == LauncherKind::xla;
}

// PyTorch/XLA's launcher imports the program into processes that it forks, so nothing can stand before it there.
bool knows_ranks_of_starter(const JobSpec& spec) {
  return spec.launcher == LauncherKind::torchrun && !spec.torchrun_python.empty();
}

bool starts_ranks_by_us(const LaunchPlan& plan) {
  const auto& words = plan.command;
  return std::find(words.begin(), words.end(), of_starter_word) != words.end();
}

bool must_agree_on_port(const LaunchPlan& plan) {
  return plan.launcher == LauncherKind::torchrun && plan.nodes.size() > 1;
}

Result<std::vector<std::string>> starter_command(const JobSpec& spec, const LaunchPlan& plan) {
  return plan.launcher == LauncherKind::torchrun ? torchrun_command(spec, plan) : xla_command(spec, plan);
}

Variables starter_variables(const JobSpec& spec, const LaunchPlan& plan) {
  if (plan.launcher == LauncherKind::xla) return xla_variables(plan);
  // PyTorch before 2.4 looks after its ranks every 5 s only.
  Variables made = {{"NCCL_PROTO", "simple"}, {"PET_MONITOR_INTERVAL", "0.1"}};
  // torchrun takes from PET_* what its command line does not say.
  if (!must_agree_on_port(plan))
    made["PET_MASTER_ADDR"] = plan.cluster.hosts.size() == 1 ? "127.0.0.1" : plan.cluster.hosts.front().name;
  if (!must_agree_on_port(plan) && plan.master_port)
    made["PET_MASTER_PORT"] = std::to_string(*plan.master_port);
  if (spec.torchrun_must_redirect) {
    made["PET_REDIRECTS"] = "1";
    made["PET_TEE"] = "1";
  }
  return made;
}

Indexed<NodeRank, Variables> starter_host_variables(const JobSpec&, const LaunchPlan& plan) {
  if (plan.cluster.hosts.size() == 1) return {};
  Indexed<NodeRank, Variables> made(plan.cluster.hosts.size());
  for (const NodeRank host : made.indices()) {
    if (plan.launcher == LauncherKind::xla) {
      made[host]["XRT_HOST_ORDINAL"] = std::to_string(host.value);
      continue;
    }
    made[host]["PET_NODE_RANK"] = std::to_string(host.value);
    if (!hosts_have_equal_ranks(plan))
      made[host]["PET_NPROC_PER_NODE"] = std::to_string(plan.layout.ranks_per_host[host]);
  }
  return made;
}

bool is_rendezvous(const std::string& variable) {
  static constexpr std::string_view names[] = {"MASTER_ADDR",     "MASTER_PORT",   "PET_MASTER_ADDR",
                                               "PET_MASTER_PORT", "PET_NODE_RANK", "PET_NPROC_PER_NODE",
                                               "TF_CONFIG"};
  return variable.starts_with("XRT_") ||
         std::find(std::begin(names), std::end(names), variable) != std::end(names);
}

int known_ranks(const LaunchPlan& plan) {
  if (plan.shares.empty()) return plan.world_size();
  int count = 0;
  for (const StarterShare& share : plan.shares) count += static_cast<int>(share.placements.size());
  return count;
}

LaunchPlan plan_of_processes(const JobSpec& spec, const LaunchPlan& plan) {
  LaunchPlan run = plan;
  if (!has_starter(plan.launcher)) return run;
  if (!reaches_hosts(plan.engine)) {
    run.command = {spec.smlaunch, "rank", "--"};
    run.command.insert(run.command.end(), plan.command.begin(), plan.command.end());
    run.process_command = plan.command;
    run.secret_arguments = find_secret_arguments(common_variables(run), run.process_command);
  }
  run.layout.ranks.clear();
  if (knows_ranks_of_starter(spec)) {
    run.shares = Indexed<NodeRank, StarterShare>(plan.cluster.hosts.size());
    for (const RankPlace& place : plan.layout.ranks) {
      StarterShare& share = run.shares[place.node_rank];
      if (share.placements.empty()) share.first_rank = plan.first_rank + place.rank.value;
      share.placements.push_back(place.placement);
    }
  }
  for (const RankPlace& place : plan.layout.ranks)
    if (place.local_rank.value == 0)
      run.layout.ranks.push_back(
          {run.layout.ranks.next_index(), LocalRank{0}, place.node_rank, place.placement});
  for (int& count : run.layout.ranks_per_host) count = std::min(count, 1);
  return run;
}

}  // namespace smlaunch
