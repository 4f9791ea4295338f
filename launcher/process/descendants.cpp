// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/descendants.hpp"

#include <dirent.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "launcher/process/proc_stat.hpp"

namespace smlaunch {

namespace {

using Clock = std::chrono::steady_clock;

// True when no child is left.
bool reap_all() {
  while (true) {
    const int pid = waitpid(-1, nullptr, WNOHANG);
    if (pid == 0) return false;
    if (pid < 0) return true;
  }
}

bool wait_until_gone(std::chrono::milliseconds bound) {
  const auto deadline = Clock::now() + bound;
  while (!reap_all()) {
    if (Clock::now() >= deadline) return false;
    poll(nullptr, 0, 2);
  }
  return true;
}

// All processes, by their parents.
std::multimap<int, int> read_children() {
  std::multimap<int, int> children;
  const std::unique_ptr<DIR, int (*)(DIR*)> proc(opendir("/proc"), closedir);
  if (!proc) return {};
  while (const dirent* entry = readdir(proc.get())) {
    int pid = 0;
    const char* end = entry->d_name + std::strlen(entry->d_name);
    if (std::from_chars(entry->d_name, end, pid).ptr != end) continue;
    if (const auto stat = read_proc_stat(pid)) children.emplace(stat->parent, pid);
  }
  return children;
}

}  // namespace

std::vector<int> find_children(int root) {
  std::vector<int> found;
  const auto children = read_children();
  for (auto [child, last] = children.equal_range(root); child != last; ++child)
    found.push_back(child->second);
  return found;
}

std::vector<int> find_descendants(int root) {
  const auto children = read_children();
  std::vector<int> found;
  std::vector<int> parents = {root};
  while (!parents.empty()) {
    const int parent = parents.back();
    parents.pop_back();
    for (auto [child, last] = children.equal_range(parent); child != last; ++child) {
      found.push_back(child->second);
      parents.push_back(child->second);
    }
  }
  return found;
}

void become_subreaper() { prctl(PR_SET_CHILD_SUBREAPER, 1); }

void signal_descendants(int signal, int but_group) {
  for (const int pid : find_descendants(getpid()))
    if (but_group == 0 || getpgid(pid) != but_group) kill(pid, signal);
}

bool has_children() {
  siginfo_t info{};
  return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

void end_descendants(std::chrono::milliseconds grace) {
  if (reap_all()) return;
  signal_descendants(SIGTERM);
  if (wait_until_gone(grace)) return;
  // A process may fork faster than we look. When it is dead, its children are ours, and we meet them.
  const auto deadline = Clock::now() + std::chrono::seconds(2);
  while (Clock::now() < deadline) {
    signal_descendants(SIGKILL);
    if (wait_until_gone(std::chrono::milliseconds(50))) return;
  }
}

}  // namespace smlaunch
