// SPDX-License-Identifier: Apache-2.0
#include "launcher/inspect/rank_motion.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <thread>

#include "base/signal_free_thread.hpp"
#include "launcher/inspect/thread_looks.hpp"
#include "launcher/process/proc_stat.hpp"

namespace smlaunch {

namespace {

using Clock = std::chrono::steady_clock;

// So many looks, and how long after each other; whatever the threads do, no look begins after the bound.
constexpr std::size_t most_looks = 31;
constexpr std::chrono::milliseconds look_interval{50};
constexpr std::chrono::milliseconds looks_bound{3000};
// Of a rank that computes: two ticks of the kernel's clock, and its part of a machine that is crowded.
constexpr double least_cpu_seconds = 0.02;
constexpr double least_cpu_share = 0.01;

// Their names begin so. Those of the second list are called by programs that wait and by programs that compute.
constexpr std::array<std::string_view, 22> waiting = {
    "libmpi",  "libopen-pal", "libopen-rte", "libpmix", "libprrte",  "mca_",       "libucp",    "libuct",
    "libucs",  "libucm",      "libfabric",   "libnccl", "librccl",   "libcuda.so", "libcudart", "libibverbs",
    "libmlx5", "libefa",      "libpsm",      "libgloo", "libnrt.so", "libmpich"};
constexpr std::array<std::string_view, 7> neutral_modules = {"libc.so", "libc-",    "ld-linux", "libpthread",
                                                             "[vdso]",  "librt.so", "libevent"};

template <std::size_t Count>
bool begins_as_one_of(std::string_view module, const std::array<std::string_view, Count>& names) {
  return std::any_of(names.begin(), names.end(), [&](auto name) { return module.starts_with(name); });
}

double cpu_seconds_of(const std::vector<int>& pids) {
  double seconds = 0;
  for (const int pid : pids)
    if (const auto stat = read_proc_stat(pid)) seconds += stat->cpu_seconds;
  return seconds;
}

// One thread, over all the looks.
struct Seen {
  std::size_t waiting = 0;
  std::size_t neutral = 0;
  std::size_t unseen = 0;
  std::set<std::uint64_t> instructions = {};
  std::map<std::string, std::size_t> modules = {};  // where it was neither
  std::size_t computing = 0;                        // so often
  double first_cpu_seconds = 0;
  double last_cpu_seconds = 0;

  void add(const RunningThread& thread) {
    if (waiting + neutral + unseen + computing == 0) first_cpu_seconds = thread.cpu_seconds;
    last_cpu_seconds = thread.cpu_seconds;
    if (thread.instruction == 0) {
      ++unseen;
      return;
    }
    instructions.insert(thread.instruction);
    if (is_waiting_module(thread.module)) {
      ++waiting;
    } else if (begins_as_one_of(thread.module, neutral_modules)) {
      ++neutral;
    } else {
      ++computing;
      ++modules[thread.module.empty() ? "compiled code" : thread.module];
    }
  }
};

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

Motion judge_motion(const std::vector<MotionLook>& looks, const LookedTime& time) {
  const double least = std::max(least_cpu_seconds, least_cpu_share * time.seconds);
  if (time.cpu_seconds < least) return {};
  std::map<int, Seen> threads;
  for (const MotionLook& look : looks)
    for (const RunningThread& thread : look) threads[thread.tid].add(thread);
  Motion found;
  std::size_t most = 0;
  for (const auto& [tid, seen] : threads) {
    if (seen.last_cpu_seconds - seen.first_cpu_seconds < least) continue;
    const bool is_unseen = seen.instructions.empty();
    const bool was_active =
        (seen.computing + seen.neutral + (is_unseen ? seen.unseen : 0)) * 2 > looks.size();
    if (!was_active) continue;
    if (is_unseen) {
      found.computes = true;
      continue;
    }
    if (seen.computing * 4 < looks.size() || seen.computing <= seen.waiting || seen.instructions.size() < 2)
      continue;
    found.computes = true;
    for (const auto& [module, count] : seen.modules)
      if (count > most) {
        most = count;
        found.where = module;
      }
  }
  return found;
}

Motion watch_motion(const std::vector<int>& pids) {
  std::vector<MotionLook> looks;
  const auto begin = Clock::now();
  const double cpu_before = cpu_seconds_of(pids);
  std::thread looker = start_signal_free_thread([&] {
    ThreadLooks threads;
    while (looks.size() < most_looks && Clock::now() - begin < looks_bound) {
      std::this_thread::sleep_for(look_interval);
      looks.push_back(threads.look(pids));
    }
  });
  looker.join();
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  return judge_motion(looks, {.cpu_seconds = cpu_seconds_of(pids) - cpu_before, .seconds = seconds});
}

}  // namespace smlaunch
