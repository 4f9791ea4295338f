// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/proc_stat.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>

#include "base/read_file.hpp"

namespace smlaunch {

namespace {

constexpr unsigned exiting_flag = 0x4;    // the kernel's PF_EXITING
constexpr int fields_before_status = 49;  // after the name: waitpid's status is the 52nd of all

// struct pidfd_info, PIDFD_GET_INFO and PIDFD_INFO_EXIT of Linux 6.15: older headers lack them.
struct PidfdInfo {
  std::uint64_t mask = 0;
  std::uint64_t cgroup = 0;
  std::uint32_t ids[11] = {};
  std::int32_t exit_code = 0;
};
static_assert(sizeof(PidfdInfo) == 64);
constexpr unsigned pidfd_ioctls = 0xFF;
constexpr std::uint64_t pidfd_info_exit = 8;

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

std::optional<ExitStatus> parse_end_status(std::string_view text) {
  const std::size_t close = text.rfind(')');
  if (close == std::string_view::npos || !text.substr(close).starts_with(") Z ")) return {};
  std::string_view status = text.substr(close + 1);
  for (int field = 0; field < fields_before_status; ++field) {
    const std::size_t next = status.find(' ', 1);
    if (next == std::string_view::npos) return {};
    status.remove_prefix(next);
  }
  int value = 0;
  if (std::sscanf(std::string(status).c_str(), "%d", &value) != 1) return {};
  return decode_wait_status(value);
}

std::optional<ExitStatus> read_end_status(int pid) {
  const std::string folder = "/proc/" + std::to_string(pid);
  // The kernel tells 0 to a reader that may not know the status. It shows this link to the same readers.
  char link[64];
  if (readlink((folder + "/ns/user").c_str(), link, sizeof link) < 0) return {};
  return parse_end_status(read_small_file(folder + "/stat"));
}

std::optional<ExitStatus> read_end_status_kept(int pidfd) {
  PidfdInfo info;
  info.mask = pidfd_info_exit;
  if (ioctl(pidfd, _IOWR(pidfd_ioctls, 11, PidfdInfo), &info) != 0) return {};
  if ((info.mask & pidfd_info_exit) == 0) return {};
  return decode_wait_status(info.exit_code);
}

}  // namespace smlaunch
