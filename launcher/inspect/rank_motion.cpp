// SPDX-License-Identifier: Apache-2.0
#include "launcher/inspect/rank_motion.hpp"

#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <thread>

#include "base/read_file.hpp"
#include "launcher/process/proc_stat.hpp"

namespace smlaunch {

namespace {

// A rank of hundreds of threads tells enough by these.
constexpr std::size_t most_threads = 32;
// A thread that waits for a processor stops when it gets one.
constexpr std::chrono::milliseconds stop_bound{200};
// Of one that computes: two ticks of the kernel's clock, and its part of a machine that is crowded.
constexpr double least_cpu_seconds = 0.02;
constexpr double least_cpu_share = 0.01;

// Their names begin so. Those of the second list are called by programs that wait and by programs that compute.
constexpr std::array<std::string_view, 22> waiting = {
    "libmpi",  "libopen-pal", "libopen-rte", "libpmix", "libprrte",  "mca_",       "libucp",    "libuct",
    "libucs",  "libucm",      "libfabric",   "libnccl", "librccl",   "libcuda.so", "libcudart", "libibverbs",
    "libmlx5", "libefa",      "libpsm",      "libgloo", "libnrt.so", "libmpich"};
constexpr std::array<std::string_view, 7> neutral = {"libc.so", "libc-",    "ld-linux", "libpthread",
                                                     "[vdso]",  "librt.so", "libevent"};

template <std::size_t Count>
bool begins_as_one_of(std::string_view module, const std::array<std::string_view, Count>& names) {
  return std::any_of(names.begin(), names.end(), [&](auto name) { return module.starts_with(name); });
}

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

std::uint64_t ask_instruction(int tid) {
  if (ptrace(PTRACE_SEIZE, tid, nullptr, nullptr) != 0) return 0;
  std::optional<std::uint64_t> instruction;
  if (ptrace(PTRACE_INTERRUPT, tid, nullptr, nullptr) == 0) {
    const auto deadline = std::chrono::steady_clock::now() + stop_bound;
    while (!(instruction = read_instruction(tid)) && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  ptrace(PTRACE_DETACH, tid, nullptr, nullptr);
  return instruction.value_or(0);
}

std::optional<std::uint64_t> take_hex(std::string_view& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  if (error != std::errc()) return {};
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

}  // namespace

bool is_waiting_module(std::string_view module) { return begins_as_one_of(module, waiting); }

std::string find_module(std::string_view maps, std::uint64_t address) {
  while (!maps.empty()) {
    std::string_view line = maps.substr(0, maps.find('\n'));
    maps.remove_prefix(std::min(line.size() + 1, maps.size()));
    const auto begin = take_hex(line);
    if (!begin || !line.starts_with('-')) continue;
    line.remove_prefix(1);
    const auto end = take_hex(line);
    if (!end || address < *begin || address >= *end) continue;
    const std::size_t name = line.find_first_of("/[");
    if (name == std::string_view::npos) return "";
    line.remove_prefix(name);
    return std::string(line.substr(line.rfind('/') + 1));
  }
  return "";
}

MotionLook look_at_threads(const std::vector<int>& pids) {
  MotionLook look;
  for (const int pid : pids) {
    const std::string folder = "/proc/" + std::to_string(pid);
    std::string maps;
    std::error_code error;
    for (std::filesystem::directory_iterator each(folder + "/task", error), end; !error && each != end;
         each.increment(error)) {
      if (look.size() == most_threads) return look;
      int tid = 0;
      const std::string name = each->path().filename().string();
      std::from_chars(name.data(), name.data() + name.size(), tid);
      const auto stat = tid > 0 ? read_proc_stat(tid) : std::nullopt;
      if (!stat || stat->state != 'R') continue;
      RunningThread thread{.instruction = ask_instruction(tid)};
      if (thread.instruction != 0) {
        if (maps.empty()) maps = read_small_file(folder + "/maps");
        thread.module = find_module(maps, thread.instruction);
      }
      look.push_back(std::move(thread));
    }
  }
  return look;
}

Motion judge_motion(const std::vector<MotionLook>& looks, const LookedTime& time) {
  if (time.cpu_seconds < std::max(least_cpu_seconds, least_cpu_share * time.seconds)) return {};
  const auto ran =
      std::count_if(looks.begin(), looks.end(), [](const MotionLook& look) { return !look.empty(); });
  if (static_cast<std::size_t>(ran) * 2 <= looks.size()) return {};
  std::set<std::uint64_t> instructions;
  std::map<std::string, int> modules;
  for (const MotionLook& look : looks)
    for (const RunningThread& thread : look) {
      if (thread.instruction == 0) continue;
      instructions.insert(thread.instruction);
      if (!is_waiting_module(thread.module) && !begins_as_one_of(thread.module, neutral))
        ++modules[thread.module.empty() ? "compiled code" : thread.module];
    }
  if (instructions.empty()) return {.computes = true};
  if (instructions.size() < 2 || modules.empty()) return {};
  const auto most = std::max_element(modules.begin(), modules.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  return {.computes = true, .where = most->first};
}

}  // namespace smlaunch
