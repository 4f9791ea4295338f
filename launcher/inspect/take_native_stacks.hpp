// SPDX-License-Identifier: Apache-2.0
// Takes the native stacks of a rank's processes by a debugger that is installed: py-spy for Python, otherwise eu-stack or
// gdb. It holds a process for a moment, mostly less than a second, and never leaves it stopped.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "launcher/inspect/rank_state.hpp"

namespace smlaunch {

// The debuggers, by their paths; empty: it is not there.
struct NativeTools {
  std::string py_spy = {};
  std::string eu_stack = {};
  std::string gdb = {};
};
// `variables`: a rank's, of which PATH is searched.
NativeTools find_native_tools(const std::map<std::string, std::string>& variables);

// May a debugger that we start look into a process? `is_own`: it runs as our user. `capabilities`: CapEff of
// /proc/self/status. `yama_scope`: kernel.yama.ptrace_scope, 0 where there is none: from 1 on, only a process's ancestors
// may, and a debugger is none; 3 is for nobody.
bool may_be_traced(bool is_own, std::uint64_t capabilities, int yama_scope);

// 0 where no line tells them.
std::uint64_t parse_capabilities(std::string_view proc_status);

// Until `deadline`, or until `is_over`; the process that stands for the rank comes first. Processes that are stopped, or
// sleep where the kernel lets nothing wake them, are left alone. Where no debugger is there, or may look, the kernel's
// functions of a process's threads are taken, if the kernel shows them to us.
void take_native_stacks(RankState& state, const NativeTools& tools,
                        std::chrono::steady_clock::time_point deadline, const std::atomic<bool>& is_over);

}  // namespace smlaunch
