// SPDX-License-Identifier: Apache-2.0
#include "launcher/run/descendants.hpp"

#include <dirent.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace smlaunch {

namespace {

using Clock = std::chrono::steady_clock;

// The parent of a process, from the fourth field of /proc/PID/stat; its name in the second may hold anything.
int parent_of(int pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/stat";
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "re"), std::fclose);
  if (!file) return 0;
  char text[512];
  const std::size_t got = std::fread(text, 1, sizeof text - 1, file.get());
  text[got] = '\0';
  const char* after_name = std::strrchr(text, ')');
  int parent = 0;
  char state = 0;
  if (after_name == nullptr || std::sscanf(after_name + 1, " %c %d", &state, &parent) != 2) return 0;
  return parent;
}

std::vector<int> find_descendants() {
  std::multimap<int, int> children;
  const std::unique_ptr<DIR, int (*)(DIR*)> proc(opendir("/proc"), closedir);
  if (!proc) return {};
  while (const dirent* entry = readdir(proc.get())) {
    int pid = 0;
    const char* end = entry->d_name + std::strlen(entry->d_name);
    if (std::from_chars(entry->d_name, end, pid).ptr != end) continue;
    children.emplace(parent_of(pid), pid);
  }
  std::vector<int> found;
  std::vector<int> parents = {getpid()};
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

}  // namespace

void become_subreaper() { prctl(PR_SET_CHILD_SUBREAPER, 1); }

void end_descendants(std::chrono::milliseconds grace) {
  if (reap_all()) return;
  for (const int pid : find_descendants()) kill(pid, SIGTERM);
  if (wait_until_gone(grace)) return;
  // A process that forks faster than we look is met again: its children are ours when it is dead.
  const auto deadline = Clock::now() + std::chrono::seconds(2);
  while (Clock::now() < deadline) {
    for (const int pid : find_descendants()) kill(pid, SIGKILL);
    if (wait_until_gone(std::chrono::milliseconds(50))) return;
  }
}

}  // namespace smlaunch
