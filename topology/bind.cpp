// SPDX-License-Identifier: Apache-2.0
#include "topology/bind.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "topology/hwloc_handle.hpp"
#include "topology/kernel_binding.hpp"

namespace smlaunch {
namespace {

// Where the kernel does not tell the nodes with memory: those of hwloc, which may find one for all of the machine.
std::optional<IdSet> usable_memory_by_hwloc() {
  const HwlocTopology topology = new_hwloc_topology();
  if (!topology) return {};
  hwloc_topology_t raw = topology.get();
  hwloc_topology_set_all_types_filter(raw, HWLOC_TYPE_FILTER_KEEP_NONE);
  hwloc_topology_set_components(raw, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, "x86");
  hwloc_topology_set_flags(raw, HWLOC_TOPOLOGY_FLAG_NO_DISTANCES | HWLOC_TOPOLOGY_FLAG_NO_MEMATTRS |
                                    HWLOC_TOPOLOGY_FLAG_NO_CPUKINDS);
  if (hwloc_topology_load(raw) != 0) return {};
  IdSet filled;
  hwloc_obj_t node = nullptr;
  while ((node = hwloc_get_next_obj_by_type(raw, HWLOC_OBJ_NUMANODE, node)) != nullptr)
    if (node->attr->numanode.local_memory > 0) filled = united(filled, {static_cast<int>(node->os_index)});
  return intersection(filled, to_ids(hwloc_topology_get_allowed_nodeset(raw)));
}

// The words that the channel carries.
constexpr std::pair<BindingNoteKind, const char*> note_words[] = {
    {BindingNoteKind::cpus_refused, "cpus_refused"}, {BindingNoteKind::other_cpus, "other_cpus"},
    {BindingNoteKind::no_memory, "no_memory"},       {BindingNoteKind::memory_refused, "memory_refused"},
    {BindingNoteKind::other_memory, "other_memory"}, {BindingNoteKind::not_read, "not_read"}};

}  // namespace

std::string to_string(BindingNoteKind kind) {
  for (const auto& [each, word] : note_words)
    if (each == kind) return word;
  return "not_read";
}

std::optional<BindingNoteKind> parse_binding_note_kind(std::string_view text) {
  for (const auto& [kind, word] : note_words)
    if (word == text) return kind;
  return std::nullopt;
}

std::string to_string(const BindingNote& note) {
  const auto given_or = [&](const char* otherwise) { return note.given.empty() ? otherwise : note.given; };
  switch (note.kind) {
    case BindingNoteKind::cpus_refused:
      return fmt::format("the kernel refuses to bind it there: {}", std::strerror(note.error));
    case BindingNoteKind::other_cpus:
      return fmt::format("asked for CPUs {}, the kernel gave {}", note.asked,
                         given_or("others, which it does not name"));
    case BindingNoteKind::no_memory:
      return fmt::format("asked for memory of NUMA nodes {}, this process may use memory of {}", note.asked,
                         given_or("none"));
    case BindingNoteKind::memory_refused:
      return fmt::format("memory is not bound to NUMA nodes {}: {}", note.asked, std::strerror(note.error));
    case BindingNoteKind::other_memory:
      return fmt::format("asked for memory of NUMA nodes {}, the kernel gave {}", note.asked,
                         given_or("any"));
    case BindingNoteKind::not_read: break;
  }
  return "hwloc cannot read its topology";
}

Result<Binding> bind_current_process(const IdSet& cpus, const IdSet& numa) {
  Binding binding;
  const bool refused = !cpus.empty() && !bind_own_cpus(cpus);
  if (refused) binding.notes.push_back({.kind = BindingNoteKind::cpus_refused, .error = errno});
  binding.cpus = own_cpus();
  if (!refused && !cpus.empty() && binding.cpus != cpus) {
    binding.notes.push_back(
        {.kind = BindingNoteKind::other_cpus, .asked = to_string(cpus), .given = to_string(binding.cpus)});
  }
  IdSet asked_memory;
  if (!refused && !numa.empty()) {
    std::optional<IdSet> usable = usable_memory();
    if (!usable) usable = usable_memory_by_hwloc();
    if (!usable)
      return failure(Fault::start, "this machine", "hwloc cannot read its topology",
                     "run with --bind none to start without binding");
    const IdSet filled = intersection(numa, *usable);
    if (filled != numa) {
      binding.notes.push_back(
          {.kind = BindingNoteKind::no_memory, .asked = to_string(numa), .given = to_string(filled)});
    }
    if (filled.empty() || prefer_own_memory(filled))
      asked_memory = filled;
    else
      binding.notes.push_back(
          {.kind = BindingNoteKind::memory_refused, .asked = to_string(filled), .error = errno});
  }
  binding.numa = own_memory();
  // Kernels before 5.15 prefer only the first of several nodes.
  if (!asked_memory.empty() && binding.numa != asked_memory)
    binding.notes.push_back({.kind = BindingNoteKind::other_memory,
                             .asked = to_string(asked_memory),
                             .given = to_string(binding.numa)});
  return binding;
}

}  // namespace smlaunch
