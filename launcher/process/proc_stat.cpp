// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/proc_stat.hpp"

#include <unistd.h>

#include <cstdio>

#include "base/read_file.hpp"

namespace smlaunch {

namespace {

constexpr unsigned exiting_flag = 0x4;  // the kernel's PF_EXITING

}  // namespace

std::optional<ProcStat> parse_proc_stat(std::string_view text, long ticks) {
  // The name may hold anything, parentheses too.
  const std::size_t open = text.find('(');
  const std::size_t close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return {};
  ProcStat stat;
  stat.name = text.substr(open + 1, close - open - 1);
  const std::string rest(text.substr(close + 1));
  unsigned flags = 0;
  unsigned long user = 0;
  unsigned long system = 0;
  // state ppid pgrp session tty tpgid flags minflt cminflt majflt cmajflt utime stime cutime cstime priority
  // nice num_threads
  if (std::sscanf(rest.c_str(), " %c %d %*d %*d %*d %*d %u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %d",
                  &stat.state, &stat.parent, &flags, &user, &system, &stat.threads) != 6)
    return {};
  stat.is_ending = (flags & exiting_flag) != 0;
  stat.cpu_seconds = static_cast<double>(user + system) / static_cast<double>(ticks);
  return stat;
}

std::optional<ProcStat> read_proc_stat(int pid) {
  static const long ticks = sysconf(_SC_CLK_TCK);
  return parse_proc_stat(read_small_file("/proc/" + std::to_string(pid) + "/stat"), ticks);
}

}  // namespace smlaunch
