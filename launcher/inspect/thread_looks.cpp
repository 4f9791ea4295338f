// SPDX-License-Identifier: Apache-2.0
// Policy: only a thread that has stopped can be let go of (ptrace(2)), and a thread that waits for a processor stops
// when it gets one. So all are asked to stop first, and then each is let go of as soon as it is seen; those that have
// not stopped in time are remembered.
#include "launcher/inspect/thread_looks.hpp"

#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>

#include "base/read_file.hpp"
#include "launcher/process/proc_stat.hpp"

namespace smlaunch {

namespace {

using Clock = std::chrono::steady_clock;

// A rank of hundreds of threads tells enough by these.
constexpr std::size_t most_threads = 32;
constexpr std::chrono::microseconds poll_interval{200};

// Nothing: it has not stopped yet.
std::optional<std::uint64_t> read_instruction(int tid) {
#if defined(__x86_64__) || defined(__aarch64__)
  user_regs_struct registers{};
  iovec place{&registers, sizeof registers};
  if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &place) != 0) return {};
#if defined(__x86_64__)
  return registers.rip;
#else
  return registers.pc;
#endif
#else
  (void)tid;
  return {};
#endif
}

// The signal that was on its way when the thread stopped; 0: it stopped for us alone.
int read_kept_signal(int tid) {
  siginfo_t info{};
  if (ptrace(PTRACE_GETSIGINFO, tid, nullptr, &info) != 0) return 0;
  return info.si_code >> 8 == PTRACE_EVENT_STOP ? 0 : info.si_signo;
}

struct FoundThread {
  int pid = 0;
  int tid = 0;
  double cpu_seconds = 0;
};

std::vector<FoundThread> find_running_threads(const std::vector<int>& pids, const std::set<int>& held) {
  static const long ticks = sysconf(_SC_CLK_TCK);
  std::vector<FoundThread> found;
  for (const int pid : pids) {
    std::error_code error;
    for (std::filesystem::directory_iterator each("/proc/" + std::to_string(pid) + "/task", error), end;
         !error && each != end; each.increment(error)) {
      if (found.size() == most_threads) return found;
      int tid = 0;
      const std::string name = each->path().filename().string();
      std::from_chars(name.data(), name.data() + name.size(), tid);
      const auto stat =
          tid > 0 ? parse_proc_stat(read_small_file(each->path().string() + "/stat"), ticks) : std::nullopt;
      if (stat && (stat->state == 'R' || held.contains(tid))) found.push_back({pid, tid, stat->cpu_seconds});
    }
  }
  return found;
}

}  // namespace

bool let_go_of(int tid) {
  const auto signal = static_cast<std::uintptr_t>(read_kept_signal(tid));
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel takes a number here
  if (ptrace(PTRACE_DETACH, tid, nullptr, reinterpret_cast<void*>(signal)) == 0) return true;
  return access(("/proc/" + std::to_string(tid)).c_str(), F_OK) != 0;
}

void ThreadLooks::let_go() { std::erase_if(held_, let_go_of); }

MotionLook ThreadLooks::look(const std::vector<int>& pids) {
  let_go();
  MotionLook look;
  std::set<int> asked;
  std::vector<int> processes;
  for (const FoundThread& thread : find_running_threads(pids, held_)) {
    look.push_back({.tid = thread.tid, .cpu_seconds = thread.cpu_seconds});
    processes.push_back(thread.pid);
    if (held_.contains(thread.tid) || ptrace(PTRACE_SEIZE, thread.tid, nullptr, nullptr) != 0) continue;
    held_.insert(thread.tid);
    if (ptrace(PTRACE_INTERRUPT, thread.tid, nullptr, nullptr) == 0) asked.insert(thread.tid);
  }
  const auto deadline = Clock::now() + stop_bound;
  while (true) {
    for (RunningThread& thread : look) {
      if (!asked.contains(thread.tid)) continue;
      const auto instruction = read_instruction(thread.tid);
      if (!instruction) continue;
      thread.instruction = *instruction;
      asked.erase(thread.tid);
      if (let_go_of(thread.tid)) held_.erase(thread.tid);
    }
    if (asked.empty() || Clock::now() >= deadline) break;
    std::this_thread::sleep_for(poll_interval);
  }
  int maps_of = 0;
  std::string maps;
  for (std::size_t i = 0; i < look.size(); ++i) {
    if (look[i].instruction == 0) continue;
    if (maps_of != processes[i]) maps = read_small_file("/proc/" + std::to_string(processes[i]) + "/maps");
    maps_of = processes[i];
    look[i].module = find_module(maps, look[i].instruction);
  }
  return look;
}

}  // namespace smlaunch
