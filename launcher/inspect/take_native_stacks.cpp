// SPDX-License-Identifier: Apache-2.0
#include "launcher/inspect/take_native_stacks.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/read_file.hpp"
#include "launcher/contract/search_path.hpp"
#include "launcher/inspect/inspect_processes.hpp"
#include "launcher/inspect/stack_text.hpp"
#include "launcher/process/child_process.hpp"
#include "launcher/process/proc_stat.hpp"

namespace smlaunch {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// A debugger reads the symbols of all libraries first.
constexpr milliseconds least_bound{50};
constexpr milliseconds settle_interval{10};
constexpr int settle_looks = 20;
constexpr std::size_t most_kernel_threads = 64;

struct Debugger {
  std::vector<std::string> argv;
  NativeSource source = NativeSource::nobody;
  std::vector<NativeThread> (*parse)(std::string_view text) = nullptr;
};

// No file of the user's, and no server for symbols, is asked.
std::vector<Debugger> debuggers_for(int pid, const NativeTools& tools) {
  const std::string id = std::to_string(pid);
  const std::string frames = std::to_string(most_native_frames);
  std::vector<Debugger> found;
  if (!tools.py_spy.empty() && is_python(pid))
    found.push_back(
        {{tools.py_spy, "dump", "--native", "--pid", id}, NativeSource::py_spy, parse_py_spy_threads});
  if (!tools.eu_stack.empty())
    found.push_back({{"env", "DEBUGINFOD_URLS=", tools.eu_stack, "-m", "-n", frames, "-p", id},
                     NativeSource::eu_stack,
                     parse_eu_stack});
  if (!tools.gdb.empty())
    found.push_back(
        {{"env", "DEBUGINFOD_URLS=", tools.gdb, "-nx", "-nh", "-batch", "-iex", "set auto-load no", "-iex",
          "set print frame-arguments none", "-p", id, "-ex", "thread apply all bt " + frames},
         NativeSource::gdb,
         parse_gdb_threads});
  return found;
}

// A process stops when it next runs. Until then the signal waits for it (proc(5), ShdPnd).
bool is_told_to_stop(int pid) {
  constexpr std::string_view key = "ShdPnd:\t";
  const std::string text = read_small_file("/proc/" + std::to_string(pid) + "/status");
  const std::size_t at = text.find(key);
  if (at == std::string::npos) return false;
  std::uint64_t signals = 0;
  std::from_chars(text.data() + at + key.size(), text.data() + text.size(), signals, 16);
  return (signals >> (SIGSTOP - 1) & 1) != 0;
}

// The kernel lets go of what a debugger has held when that is gone, but the stop by which it began may come yet.
void let_go_on(int pid, bool was_killed) {
  const int looks = was_killed ? settle_looks : 1;
  for (int i = 0; i < looks; ++i) {
    if (i > 0) std::this_thread::sleep_for(settle_interval);
    const auto stat = read_proc_stat(pid);
    if (!stat) return;
    if (stat->state == 'T' || is_told_to_stop(pid)) kill(pid, SIGCONT);
  }
}

bool is_own(int pid) {
  struct stat facts {};
  return stat(("/proc/" + std::to_string(pid)).c_str(), &facts) == 0 && facts.st_uid == geteuid();
}

int read_yama_scope() {
  const std::string text = read_small_file("/proc/sys/kernel/yama/ptrace_scope");
  int scope = 0;
  std::from_chars(text.data(), text.data() + text.size(), scope);
  return scope;
}

bool can_be_held(const ProcessState& process) {
  return process.state == 'R' || process.state == 'S' || process.state == 'I';
}

std::vector<NativeThread> ask_debugger(const Debugger& debugger, int pid, milliseconds bound) {
  const auto dump = run_captured(debugger.argv, static_cast<int>(bound.count()));
  let_go_on(pid, !dump);
  return dump ? debugger.parse(dump->standard_output) : std::vector<NativeThread>();
}

std::vector<NativeThread> read_kernel_stacks(int pid) {
  std::vector<NativeThread> threads;
  std::error_code error;
  for (std::filesystem::directory_iterator task("/proc/" + std::to_string(pid) + "/task", error), end;
       !error && task != end && threads.size() < most_kernel_threads; task.increment(error)) {
    const std::string name = task->path().filename();
    NativeThread thread;
    std::from_chars(name.data(), name.data() + name.size(), thread.id);
    thread.frames = parse_kernel_stack(read_small_file(task->path() / "stack"));
    if (!thread.frames.empty()) threads.push_back(std::move(thread));
  }
  return threads;
}

void take_stacks(ProcessState& process, const NativeTools& tools, bool may_trace,
                 Clock::time_point deadline) {
  std::vector<NativeThread> threads;
  for (const Debugger& debugger : debuggers_for(process.pid, tools)) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
    if (!may_trace || left < least_bound) break;
    threads = ask_debugger(debugger, process.pid, left);
    process.native_source = debugger.source;
    if (!threads.empty()) break;
  }
  if (threads.empty()) {
    // That of its only thread is known already.
    if (process.threads > 1) threads = read_kernel_stacks(process.pid);
    process.native_source = threads.empty() ? NativeSource::nobody : NativeSource::kernel;
  }
  process.native_stacks = join_threads(std::move(threads), process.pid);
}

}  // namespace

NativeTools find_native_tools(const std::map<std::string, std::string>& variables) {
  return {.py_spy = find_on_path("py-spy", variables),
          .eu_stack = find_on_path("eu-stack", variables),
          .gdb = find_on_path("gdb", variables)};
}

bool may_be_traced(bool is_own, std::uint64_t capabilities, int yama_scope) {
  constexpr int nobody = 3;
  constexpr unsigned cap_sys_ptrace = 19;
  if (yama_scope >= nobody) return false;
  const bool is_capable = (capabilities >> cap_sys_ptrace & 1U) != 0;
  return is_capable || (is_own && yama_scope == 0);
}

std::uint64_t parse_capabilities(std::string_view proc_status) {
  constexpr std::string_view key = "CapEff:";
  std::uint64_t capabilities = 0;
  for (const std::string_view line : text_lines(proc_status)) {
    if (!line.starts_with(key)) continue;
    const std::string_view digits = without_blanks(line.substr(key.size()));
    std::from_chars(digits.data(), digits.data() + digits.size(), capabilities, 16);
  }
  return capabilities;
}

void take_native_stacks(RankState& state, const NativeTools& tools, Clock::time_point deadline,
                        const std::atomic<bool>& is_over) {
  const std::uint64_t capabilities = parse_capabilities(read_small_file("/proc/self/status"));
  const int yama_scope = read_yama_scope();
  std::vector<std::size_t> order(state.processes.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_partition(order.begin(), order.end(),
                        [&](std::size_t i) { return static_cast<int>(i) == state.primary; });
  std::size_t in_all = 0;
  for (const std::size_t i : order) {
    if (is_over || Clock::now() + least_bound > deadline) return;
    ProcessState& process = state.processes[i];
    if (!can_be_held(process)) continue;
    take_stacks(process, tools, may_be_traced(is_own(process.pid), capabilities, yama_scope), deadline);
    in_all += size_of(process.native_stacks);
    if (in_all <= most_native_text) continue;
    process.native_stacks.clear();
    process.native_source = NativeSource::nobody;
    return;
  }
}

}  // namespace smlaunch
