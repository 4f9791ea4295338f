// SPDX-License-Identifier: Apache-2.0
// What the processes of a rank are doing right now: for a job that seems to hang.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/inspect/native_stack.hpp"

namespace smlaunch {

// Somebody to whom a process has sent bytes over TCP, who has acknowledged nothing of them for so long.
struct UnansweredPeer {
  std::string address = {};
  long milliseconds = 0;
  bool operator==(const UnansweredPeer&) const = default;
};
// Of a process; more are not told.
inline constexpr std::size_t most_own_addresses = 8;
inline constexpr std::size_t most_unanswered_peers = 32;

struct ProcessState {
  int pid = 0;
  std::string name;
  char state = '?';  // R, S, D, T, Z, … (proc(5))
  int threads = 0;
  std::string wait_channel;  // the kernel function that it sleeps in; empty: it runs, or we may not see it
  std::vector<std::string> kernel_stack;  // innermost first; empty where the kernel does not show it
  std::vector<std::string> python_stack;  // of its main thread, innermost first: "train.py:12 in load"
  std::vector<NativeStack> native_stacks = {};
  NativeSource native_source = NativeSource::nobody;
  std::optional<int> rank = {};             // under torchrun and xla: which of their ranks it belongs to
  bool has_thread = false;                  // a thread in it can be asked (rank_told.hpp)
  std::string told = {};                    // what that has answered, by shorten_told(); empty: nothing
  std::vector<std::string> addresses = {};  // of its TCP connections, at its own end
  std::vector<UnansweredPeer> unanswered = {};
  bool operator==(const ProcessState&) const = default;
};

struct RankState {
  std::vector<ProcessState> processes;  // first the rank's own process, then those that it has started
  int primary = 0;                      // the process that stands for the rank; under torchrun its first rank
  // "its own thread", "py-spy" or "faulthandler": the last that gave one; empty: there is no Python stack.
  std::string python_source;
  std::string nccl_ras = {};  // what NCCL has answered (nccl_ras.hpp); empty: nothing, or it was not asked
  // Of a look that asks nothing of the rank: does it compute, and in which module (rank_motion.hpp)?
  bool is_look = false;
  bool computes = false;
  std::string computes_in = {};
  bool more_comes = false;  // the same again, with stacks
  [[nodiscard]] bool is_seen_to_compute() const { return computes && !computes_in.empty(); }
  bool operator==(const RankState&) const = default;
};

// Where a rank is, in a few words: its innermost Python frame, otherwise "sleeping in futex_wait", "running".
std::string place_in_words(const RankState& state);

// Whether that is a Python frame.
bool stands_in_python(const RankState& state);

// The process that stands for the rank is stopped by a signal.
bool is_stopped(const RankState& state);

// "sleeping", "stopped", "running" of the process that stands for the rank; "gone".
std::string primary_state_in_words(const RankState& state);

// What `py-spy dump` prints -> the frames of its main thread, innermost first.
std::vector<std::string> parse_py_spy_dump(std::string_view text);

// What Python's faulthandler prints for a signal -> the frames of the thread that took it.
std::vector<std::string> parse_faulthandler(const std::vector<std::string>& lines);

}  // namespace smlaunch
