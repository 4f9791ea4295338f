// SPDX-License-Identifier: Apache-2.0
// Binding this process, and what the kernel says about the binding afterwards.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "topology/id_set.hpp"

namespace smlaunch {

enum class BindingNoteKind {
  cpus_refused,    // error. The CPUs are not named: they differ by rank, and equal notes are told once
  other_cpus,      // asked, given
  no_memory,       // asked, given: NUMA nodes from which this process may take memory
  memory_refused,  // asked: NUMA nodes; error
  other_memory,    // asked, given: NUMA nodes
  not_read         // hwloc cannot read the machine, and nothing is bound
};
std::string to_string(BindingNoteKind kind);
std::optional<BindingNoteKind> parse_binding_note_kind(std::string_view text);

// A difference from what was asked for.
struct BindingNote {
  BindingNoteKind kind = BindingNoteKind::not_read;
  std::string asked = {};  // "0-15"
  std::string given = {};  // empty: not known, none, or any
  int error = 0;           // errno
  bool operator==(const BindingNote&) const = default;
};
// "asked for CPUs 0-15, the kernel gave 0-7"
std::string to_string(const BindingNote& note);

// The binding that the kernel reports, not the one that was asked for.
struct Binding {
  IdSet cpus;  // where the process may run
  IdSet numa;  // where its memory comes from; empty: any node
  std::vector<BindingNote> notes;
};

// Binds this process and what it starts. Empty `cpus`: CPUs are left alone; empty `numa`: memory is left
// alone. A binding that fails (the CPUs are not here, the node has no memory, the container forbids it) is a
// note, not an error. Where the kernel refuses the CPUs, memory is not bound either. Error (Fault::start):
// hwloc cannot read the machine.
Result<Binding> bind_current_process(const IdSet& cpus, const IdSet& numa);

}  // namespace smlaunch
