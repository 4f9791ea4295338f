// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/signal_masks.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include "base/read_file.hpp"

namespace smlaunch {

namespace {

std::uint64_t mask_of(std::string_view line, std::string_view name) {
  std::uint64_t mask = 0;
  line.remove_prefix(std::min(line.find_first_not_of(" \t", name.size()), line.size()));
  std::from_chars(line.data(), line.data() + line.size(), mask, 16);
  return mask;
}

}  // namespace

SignalMasks parse_signal_masks(std::string_view proc_status) {
  constexpr std::string_view caught = "SigCgt:";
  constexpr std::string_view blocked = "SigBlk:";
  SignalMasks masks;
  while (!proc_status.empty()) {
    const std::size_t end = std::min(proc_status.find('\n'), proc_status.size());
    const std::string_view line = proc_status.substr(0, end);
    if (line.starts_with(caught)) masks.caught = mask_of(line, caught);
    if (line.starts_with(blocked)) masks.blocked = mask_of(line, blocked);
    proc_status.remove_prefix(std::min(end + 1, proc_status.size()));
  }
  return masks;
}

SignalMasks read_signal_masks(int pid) {
  return parse_signal_masks(read_small_file("/proc/" + std::to_string(pid) + "/status"));
}

bool has_signal(std::uint64_t mask, int signal) {
  return signal >= 1 && signal <= 64 && ((mask >> (signal - 1)) & 1U) != 0;
}

}  // namespace smlaunch
