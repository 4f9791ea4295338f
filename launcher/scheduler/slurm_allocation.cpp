// SPDX-License-Identifier: Apache-2.0
// Policy: SLURM_NNODES, SLURM_NTASKS, SLURM_TASKS_PER_NODE are a step's inside a step and the job's outside,
// while SLURM_NODELIST and SLURM_JOB_* are always the job's. So a step is read from SLURM_STEP_* alone, the
// job from the others, and a list whose length is not the number of hosts is not used. The batch script and
// salloc's shell are steps with reserved numbers: there the job's variables count.
#include "launcher/scheduler/slurm_allocation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/host_ranges.hpp"
#include "launcher/contract/value_of.hpp"
#include "topology/id_set.hpp"

namespace smlaunch {

namespace {

constexpr unsigned long first_reserved_step = 0xfffffff0UL;
constexpr int most_ranks = 65536;

std::optional<unsigned long> parse_number(std::string_view text) {
  unsigned long value = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || stopped != end) return {};
  return value;
}

std::optional<int> number_in(const Variables& variables, const std::string& name) {
  const auto number = parse_number(value_of(variables, name));
  if (!number || *number < 1 || *number > most_ranks) return {};
  return static_cast<int>(*number);
}

bool is_in_step(const Variables& variables) {
  const auto step = parse_number(value_of(variables, "SLURM_STEP_ID"));
  return step && *step < first_reserved_step && !value_of(variables, "SLURM_STEP_NODELIST").empty();
}

Result<std::vector<std::string>> expand_nodes(const std::string& variable, const std::string& list) {
  std::vector<std::string> nodes;
  for (const std::string_view entry : split_host_list(list)) {
    auto names = expand_host_ranges(entry);
    if (!names) return failure(Fault::configuration, variable, names.error(), "name the hosts with --hosts");
    nodes.insert(nodes.end(), names->begin(), names->end());
  }
  return nodes;
}

// A list such as SLURM_TASKS_PER_NODE, if it speaks of these hosts.
std::optional<std::vector<int>> counts_in(const Variables& variables, const std::string& name,
                                          std::size_t hosts) {
  auto counts = parse_slurm_counts(value_of(variables, name));
  if (counts && counts->size() != hosts) counts.reset();
  return counts;
}

void find_gpus(const Variables& variables, bool in_step, Allocation& allocation) {
  allocation.gpus = number_in(variables, "SLURM_GPUS_ON_NODE");
  allocation.gpus_source = "SLURM_GPUS_ON_NODE";
  if (allocation.gpus) return;
  allocation.gpus_source = in_step ? "SLURM_STEP_GPUS" : "SLURM_JOB_GPUS";
  const std::string list = value_of(variables, allocation.gpus_source);
  if (list.empty()) return;
  // "0,1,2" or "0-2", as the version writes it.
  const auto ids = parse_id_set(list);
  if (ids && !ids->empty()) allocation.gpus = static_cast<int>(ids->size());
}

// How many ranks the user has asked for on each host. One task on each host where a host has several GPUs is
// how a launcher is started, not how many ranks there are.
void find_tasks(const Variables& variables, bool in_step, Allocation& allocation) {
  const std::size_t hosts = allocation.hosts.size();
  const bool were_asked = in_step || !value_of(variables, "SLURM_NTASKS").empty() ||
                          !value_of(variables, "SLURM_NTASKS_PER_NODE").empty();
  std::string source = in_step ? "SLURM_STEP_TASKS_PER_NODE" : "SLURM_TASKS_PER_NODE";
  auto tasks = were_asked ? counts_in(variables, source, hosts) : std::nullopt;
  if (const auto each = number_in(variables, "SLURM_NTASKS_PER_NODE"); !tasks && !in_step && each) {
    source = "SLURM_NTASKS_PER_NODE";
    tasks = std::vector<int>(hosts, *each);
  }
  const bool one_each =
      !tasks || std::all_of(tasks->begin(), tasks->end(), [](int number) { return number == 1; });
  if (one_each && allocation.gpus.value_or(0) > 1) {
    tasks = std::vector<int>(hosts, *allocation.gpus);
    source = allocation.gpus_source;
  }
  if (!tasks) return;
  for (std::size_t i = 0; i < hosts; ++i) allocation.hosts[i].slots = (*tasks)[i];
  allocation.slots_source = source;
}

bool is_one_task_on_each(const Variables& variables, std::size_t hosts) {
  const auto tasks = counts_in(variables, "SLURM_STEP_TASKS_PER_NODE", hosts);
  return tasks && std::all_of(tasks->begin(), tasks->end(), [](int number) { return number == 1; });
}

// Which of the step's hosts this is, where each starts smlaunch.
Result<SelfStarted> find_own_task(const Variables& variables, const std::string& job,
                                  const std::vector<HostSlots>& hosts, const Options& options) {
  const auto node = parse_number(value_of(variables, "SLURM_NODEID"));
  if (!node || *node >= hosts.size())
    return failure(Fault::configuration, "SLURM_NODEID",
                   fmt::format("\"{}\" is none of the step's {} hosts", value_of(variables, "SLURM_NODEID"),
                               hosts.size()),
                   "start smlaunch once, without srun");
  std::vector<std::string> names;
  for (const HostSlots& host : hosts) names.push_back(host.name);
  const auto number = [](const std::string& text) {
    return static_cast<long>(parse_number(text).value_or(0));
  };
  const SlurmStep step = {.job = number(job),
                          .step = number(value_of(variables, "SLURM_STEP_ID")),
                          .restarts = number(value_of(variables, "SLURM_RESTART_COUNT"))};
  SelfStarted found =
      make_step_of_slurm(std::move(names), static_cast<int>(*node), step, options.channel_port);
  found.source = fmt::format(
      "a step of Slurm's job {}: SLURM_STEP_NODELIST, SLURM_NODEID: each host starts itself", job);
  return found;
}

}  // namespace

std::optional<std::vector<int>> parse_slurm_counts(std::string_view text) {
  std::vector<int> counts;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t comma = std::min(text.find(',', start), text.size());
    std::string_view item = text.substr(start, comma - start);
    start = comma + 1;
    std::optional<unsigned long> times = 1;
    if (const std::size_t open = item.find("(x"); open != std::string_view::npos && item.ends_with(')')) {
      times = parse_number(item.substr(open + 2, item.size() - open - 3));
      item = item.substr(0, open);
    }
    const auto number = parse_number(item);
    if (!number || *number < 1 || *number > most_ranks || !times || *times > most_listed_hosts) return {};
    counts.insert(counts.end(), *times, static_cast<int>(*number));
  }
  return counts;
}

Result<std::optional<Allocation>> find_slurm_allocation(const Variables& variables, const Options& options) {
  const bool in_step = is_in_step(variables);
  std::string variable = in_step ? "SLURM_STEP_NODELIST" : "SLURM_JOB_NODELIST";
  if (!in_step && value_of(variables, variable).empty()) variable = "SLURM_NODELIST";
  std::string job = value_of(variables, "SLURM_JOB_ID");
  if (job.empty()) job = value_of(variables, "SLURM_JOBID");
  const std::string list = value_of(variables, variable);
  if (job.empty() || list.empty()) return std::nullopt;
  auto nodes = expand_nodes(variable, list);
  if (!nodes) return tl::unexpected(nodes.error());
  const int tasks = in_step ? number_in(variables, "SLURM_STEP_NUM_TASKS").value_or(1) : 1;
  if (tasks > 1 && !is_one_task_on_each(variables, nodes->size()))
    return failure(
        Fault::usage, "SLURM_STEP_TASKS_PER_NODE",
        fmt::format(
            "this step of Slurm's job {} starts smlaunch {} times on {} host{}, and it starts a host's ranks "
            "itself",
            job, tasks, nodes->size(), nodes->size() == 1 ? "" : "s"),
        fmt::format("start it once on each, srun --nodes={0} --ntasks={0} --ntasks-per-node=1 smlaunch "
                    "--processes-per-host N -- PROGRAM, or once, without srun: smlaunch -- PROGRAM",
                    nodes->size()));
  const std::string count_variable = in_step ? "SLURM_STEP_NUM_NODES" : "SLURM_JOB_NUM_NODES";
  const auto count = number_in(variables, count_variable);
  if (count && static_cast<std::size_t>(*count) != nodes->size())
    return failure(Fault::configuration, variable,
                   fmt::format("names {} hosts where {} says {}", nodes->size(), count_variable, *count),
                   "name the hosts with --hosts, or take --scheduler none");
  Allocation allocation;
  allocation.source = in_step ? fmt::format("a step of Slurm's job {}: {}", job, variable)
                              : fmt::format("Slurm's job {}: {}", job, variable);
  for (std::string& node : *nodes) allocation.hosts.push_back({std::move(node), {}});
  const std::string own = value_of(variables, "SLURMD_NODENAME");
  if (std::any_of(allocation.hosts.begin(), allocation.hosts.end(),
                  [&](const HostSlots& host) { return host.name == own; }))
    allocation.own_host = own;
  if (tasks > 1) {
    auto started = find_own_task(variables, job, allocation.hosts, options);
    if (!started) return tl::unexpected(started.error());
    allocation.self_started = std::move(*started);
  }
  find_gpus(variables, in_step, allocation);
  find_tasks(variables, in_step, allocation);
  // A step's are those of the job's hosts, of which it may have some only.
  if (const auto cpus = counts_in(variables, "SLURM_JOB_CPUS_PER_NODE", allocation.hosts.size());
      cpus && !in_step) {
    allocation.cpus = *cpus;
    allocation.cpus_source = "SLURM_JOB_CPUS_PER_NODE";
  }
  return allocation;
}

}  // namespace smlaunch
