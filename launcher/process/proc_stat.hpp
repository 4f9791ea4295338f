// SPDX-License-Identifier: Apache-2.0
// /proc/PID/stat (proc(5)).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "launcher/process/exit_status.hpp"

namespace smlaunch {

struct ProcStat {
  std::string name;
  char state = '?';  // R, S, D, T, Z, …
  int parent = 0;
  int threads = 0;
  double cpu_seconds = 0;  // its own, of all its threads
  bool is_ending = false;  // its program does not run any more
};

// Nothing for another kind of line. `ticks`: sysconf(_SC_CLK_TCK).
std::optional<ProcStat> parse_proc_stat(std::string_view text, long ticks);

// Nothing when the process is gone.
std::optional<ProcStat> read_proc_stat(int pid);

// How a process has ended that its parent has not taken out of the process table yet. Nothing while it runs, and
// where the kernel does not tell us.
std::optional<ExitStatus> parse_end_status(std::string_view text);
std::optional<ExitStatus> read_end_status(int pid);

// The same of a process that its parent has taken out of the process table after `pidfd` was opened. Nothing for one
// that is still there, and where the kernel does not keep it (before Linux 6.15).
std::optional<ExitStatus> read_end_status_kept(int pidfd);

}  // namespace smlaunch
