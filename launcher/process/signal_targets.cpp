// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/signal_targets.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <string_view>

#include "launcher/process/descendants.hpp"
#include "launcher/process/proc_stat.hpp"
#include "launcher/process/signal_masks.hpp"

namespace smlaunch {

namespace {

const TreeProcess* find_process(const std::vector<TreeProcess>& tree, int pid) {
  const auto found =
      std::find_if(tree.begin(), tree.end(), [&](const TreeProcess& each) { return each.pid == pid; });
  return found == tree.end() ? nullptr : &*found;
}

template <class Find>
void add_below(const std::vector<TreeProcess>& tree, int pid, Find find, std::vector<int>& found) {
  for (const TreeProcess& each : tree)
    if (each.parent == pid)
      for (const int target : find(tree, each.pid)) found.push_back(target);
}

// It looks at the process's file, since a script has its own name where a program has its name.
bool is_shell(int pid) {
  static constexpr std::array<std::string_view, 11> shells = {"sh",  "bash", "dash", "ash",  "busybox", "zsh",
                                                              "ksh", "mksh", "fish", "tcsh", "csh"};
  std::error_code error;
  const std::string file =
      std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/exe", error).filename();
  return std::find(shells.begin(), shells.end(), file) != shells.end();
}

}  // namespace

std::vector<int> find_stop_targets(const std::vector<TreeProcess>& tree, int root) {
  const TreeProcess* process = find_process(tree, root);
  if (process == nullptr) return {};
  if (!process->is_shell) return {root};
  std::vector<int> found;
  add_below(tree, root, find_stop_targets, found);
  if (process->catches || found.empty()) found.push_back(root);
  return found;
}

std::vector<int> find_hearers(const std::vector<TreeProcess>& tree, int root) {
  const TreeProcess* process = find_process(tree, root);
  if (process == nullptr) return {};
  if (process->catches || process->waits) return {root};
  std::vector<int> found;
  add_below(tree, root, find_hearers, found);
  return found;
}

std::vector<TreeProcess> read_tree(int root, int signal) {
  std::vector<int> pids = find_descendants(root);
  pids.push_back(root);
  std::vector<TreeProcess> tree;
  for (const int pid : pids) {
    const auto stat = read_proc_stat(pid);
    if (!stat || stat->state == 'Z' || stat->is_ending) continue;
    const SignalMasks masks = read_signal_masks(pid);
    tree.push_back({pid, stat->parent, is_shell(pid), has_signal(masks.caught, signal),
                    has_signal(masks.blocked, signal)});
  }
  return tree;
}

}  // namespace smlaunch
