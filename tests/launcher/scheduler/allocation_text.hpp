// SPDX-License-Identifier: Apache-2.0
// An allocation in one line, for tests.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>

#include "launcher/scheduler/allocation.hpp"

namespace smlaunch {

// "source | a:4 b | slots of X | 4 GPUs of Y | cpus 8 8"; "none"; of an error "where: what".
inline std::string text_of(const Result<std::optional<Allocation>>& found) {
  if (!found) return found.error().problems.front().where + ": " + found.error().problems.front().what;
  if (!*found) return "none";
  const Allocation& allocation = **found;
  std::string text = allocation.source + " |";
  for (const HostSlots& host : allocation.hosts)
    text += host.slots ? fmt::format(" {}:{}", host.name, *host.slots) : " " + host.name;
  if (!allocation.slots_source.empty()) text += fmt::format(" | slots of {}", allocation.slots_source);
  if (allocation.gpus) text += fmt::format(" | {} GPUs of {}", *allocation.gpus, allocation.gpus_source);
  if (!allocation.cpus.empty()) text += fmt::format(" | cpus {}", fmt::join(allocation.cpus, " "));
  return text;
}

}  // namespace smlaunch
