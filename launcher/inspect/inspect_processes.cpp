// SPDX-License-Identifier: Apache-2.0
#include "launcher/inspect/inspect_processes.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string_view>
#include <vector>

#include "base/read_file.hpp"
#include "launcher/inspect/stack_text.hpp"
#include "launcher/process/child_process.hpp"
#include "launcher/process/descendants.hpp"
#include "launcher/process/proc_stat.hpp"
#include "launcher/process/tcp_peers.hpp"

namespace smlaunch {

namespace {

constexpr std::size_t most_processes = 64;
// Eight ranks with a dozen DataLoader workers each have more than that.
constexpr std::size_t most_processes_of_starter = 256;
constexpr std::chrono::milliseconds py_spy_bound{3000};
// A network that is only busy is not silent for so long.
constexpr std::chrono::milliseconds shortest_silence{2000};

std::string of_process(int pid, const char* file) {
  return read_small_file("/proc/" + std::to_string(pid) + "/" + file);
}

ProcessState state_of(int pid, const ProcStat& stat) {
  ProcessState state;
  state.pid = pid;
  state.name = stat.name;
  state.state = stat.state;
  state.threads = stat.threads;
  state.wait_channel = of_process(pid, "wchan");
  if (state.wait_channel == "0") state.wait_channel.clear();
  state.kernel_stack = parse_kernel_stack(of_process(pid, "stack"));
  return state;
}

// By the variable that its starter has given it.
std::optional<int> rank_of_process(int pid) {
  constexpr std::string_view name = "RANK=";
  std::ifstream file("/proc/" + std::to_string(pid) + "/environ", std::ios::binary);
  for (std::string variable; std::getline(file, variable, '\0');) {
    if (!variable.starts_with(name)) continue;
    int rank = 0;
    const char* end = variable.data() + variable.size();
    const auto [stopped, error] = std::from_chars(variable.data() + name.size(), end, rank);
    if (error == std::errc() && stopped == end) return rank;
  }
  return {};
}

// Its peers that have been silent for longest come first, each once.
std::vector<UnansweredPeer> find_unanswered(const std::vector<TcpConnection>& connections) {
  std::map<std::string, long> silent;
  for (const TcpConnection& each : connections)
    if (each.unanswered >= shortest_silence)
      silent[each.peer] = std::max(silent[each.peer], static_cast<long>(each.unanswered.count()));
  std::vector<UnansweredPeer> found;
  for (const auto& [address, milliseconds] : silent)
    found.push_back({.address = address, .milliseconds = milliseconds});
  std::stable_sort(found.begin(), found.end(), [](const UnansweredPeer& a, const UnansweredPeer& b) {
    return a.milliseconds > b.milliseconds;
  });
  if (found.size() > most_unanswered_peers) found.resize(most_unanswered_peers);
  return found;
}

}  // namespace

RankState inspect_processes(int root, bool is_starter) {
  RankState state;
  std::vector<int> pids = {root};
  std::vector<int> below = find_descendants(root);
  const auto is_child = [&](int pid) {
    const auto stat = read_proc_stat(pid);
    return stat && stat->parent == root;
  };
  // The ranks come first: what they have started may be more than there is room for.
  if (is_starter) std::stable_partition(below.begin(), below.end(), is_child);
  pids.insert(pids.end(), below.begin(), below.end());
  for (const int pid : pids) {
    if (state.processes.size() == (is_starter ? most_processes_of_starter : most_processes)) break;
    const auto stat = read_proc_stat(pid);
    if (!stat) continue;
    state.processes.push_back(state_of(pid, *stat));
    // What a rank has started inherits its variables.
    if (is_starter && pid != root) state.processes.back().rank = rank_of_process(pid);
  }
  if (is_starter)
    for (std::size_t i = 1; i < state.processes.size() && state.primary == 0; ++i)
      if (is_python(state.processes[i].pid)) state.primary = static_cast<int>(i);
  return state;
}

void add_connections(RankState& state) {
  for (ProcessState& process : state.processes) {
    const std::vector<TcpConnection> connections = probe_tcp_connections(process.pid);
    std::set<std::string> own;
    for (const TcpConnection& each : connections) own.insert(each.own);
    for (const std::string& address : own)
      if (process.addresses.size() < most_own_addresses) process.addresses.push_back(address);
    process.unanswered = find_unanswered(connections);
  }
}

void add_py_spy_stacks(RankState& state, const std::string& py_spy) {
  const auto deadline = std::chrono::steady_clock::now() + py_spy_bound;
  for (ProcessState& process : state.processes) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return;
    if (!process.python_stack.empty() || !is_python(process.pid)) continue;
    const auto dump =
        run_captured({py_spy, "dump", "--pid", std::to_string(process.pid)}, static_cast<int>(left.count()));
    if (!dump || !succeeded(dump->status)) continue;
    process.python_stack = parse_py_spy_dump(dump->output);
    if (!process.python_stack.empty()) state.python_source = "py-spy";
  }
}

bool is_python(int pid) {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/exe", error);
  return !error && program.filename().string().starts_with("python");
}

}  // namespace smlaunch
