// SPDX-License-Identifier: Apache-2.0
// Policy: PBS and LSF repeat a host once for each process that was asked for there. A host that stands there
// once says nothing of that: one is also what stands there when nobody asked.
#include "launcher/scheduler/node_files.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "launcher/contract/value_of.hpp"

namespace smlaunch {

namespace {

Result<std::optional<Allocation>> read_list(Scheduler scheduler, const std::string& text,
                                            const std::string& file, std::string source) {
  auto hosts = parse_hostfile(text, file);
  if (!hosts) return tl::unexpected(hosts.error());
  Allocation allocation;
  allocation.scheduler = scheduler;
  const bool says_slots =
      std::any_of(hosts->begin(), hosts->end(), [](const HostSlots& host) { return host.slots.has_value(); });
  // Where other hosts are repeated, a host that stands there once has one rank.
  if (says_slots)
    for (HostSlots& host : *hosts) host.slots = host.slots.value_or(1);
  if (says_slots) allocation.slots_source = file;
  allocation.hosts = std::move(*hosts);
  allocation.source = std::move(source);
  return allocation;
}

Result<std::optional<Allocation>> read_node_file(Scheduler scheduler, const std::string& file,
                                                 std::string source, const SchedulerWorld& world) {
  auto text = world.read_file(file);
  if (!text) return tl::unexpected(text.error());
  return read_list(scheduler, *text, file, std::move(source));
}

// "a 4 b 4": a line for each host.
std::string lines_of_counts(const std::string& text) {
  std::string lines;
  bool is_count = false;
  for (std::size_t at = text.find_first_not_of(' '); at != std::string::npos;) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    lines += (is_count ? ":" : "") + text.substr(at, end - at) + (is_count ? "\n" : "");
    is_count = !is_count;
    at = text.find_first_not_of(' ', end);
  }
  return lines;
}

std::string lines_of_names(std::string text) {
  std::replace(text.begin(), text.end(), ' ', '\n');
  return text;
}

}  // namespace

Result<std::optional<Allocation>> find_pbs_allocation(const Variables& variables,
                                                      const SchedulerWorld& world) {
  const std::string file = value_of(variables, "PBS_NODEFILE");
  if (file.empty()) return std::nullopt;
  const std::string job = value_of(variables, "PBS_JOBID");
  return read_node_file(
      Scheduler::pbs, file,
      job.empty() ? fmt::format("PBS: {}", file) : fmt::format("PBS's job {}: {}", job, file), world);
}

Result<std::optional<Allocation>> find_lsf_allocation(const Variables& variables,
                                                      const SchedulerWorld& world) {
  const std::string job = value_of(variables, "LSB_JOBID");
  if (job.empty()) return std::nullopt;
  const auto source = [&](const std::string& where) { return fmt::format("LSF's job {}: {}", job, where); };
  if (const std::string file = value_of(variables, "LSB_DJOB_HOSTFILE"); !file.empty())
    return read_node_file(Scheduler::lsf, file, source(file), world);
  if (const std::string counts = value_of(variables, "LSB_MCPU_HOSTS"); !counts.empty())
    return read_list(Scheduler::lsf, lines_of_counts(counts), "LSB_MCPU_HOSTS", source("LSB_MCPU_HOSTS"));
  if (const std::string names = value_of(variables, "LSB_HOSTS"); !names.empty())
    return read_list(Scheduler::lsf, lines_of_names(names), "LSB_HOSTS", source("LSB_HOSTS"));
  return std::nullopt;
}

Result<std::optional<Allocation>> find_mpi_operator_allocation(const Variables& variables,
                                                               const SchedulerWorld& world) {
  const std::string file = value_of(variables, mpi_operator_variable);
  if (!file.empty())
    return read_node_file(Scheduler::mpi_operator, file,
                          fmt::format("MPI Operator: {} of {}", file, mpi_operator_variable), world);
  const auto text = world.read_file(mpi_operator_hostfile);
  if (!text) return std::nullopt;
  return read_list(Scheduler::mpi_operator, *text, mpi_operator_hostfile,
                   fmt::format("MPI Operator: {}", mpi_operator_hostfile));
}

}  // namespace smlaunch
