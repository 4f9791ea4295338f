// SPDX-License-Identifier: Apache-2.0
// Who among the processes of a rank a signal is for.
//
// A stop signal is for the program: its own processes (DataLoader's workers, say) are its business, and die of a
// signal that it would have answered with a checkpoint. A shell around it is no program: it does not pass on what it
// gets, and what it runs would never hear of it.
#pragma once

#include <vector>

namespace smlaunch {

struct TreeProcess {
  int pid = 0;
  int parent = 0;
  bool is_shell = false;
  bool catches = false;  // the signal in question
  bool waits = false;    // for it: it is blocked, as sigwait(2) and signalfd(2) want it
};

// `root`, or what it runs where it is a shell, and so on down. A shell that catches the signal, or runs nothing, gets
// it too.
std::vector<int> find_stop_targets(const std::vector<TreeProcess>& tree, int root);

// The first on the way down from `root` that catch the signal or wait for it: anybody else would die of it.
std::vector<int> find_hearers(const std::vector<TreeProcess>& tree, int root);

// `root` and its descendants, as they are to `signal`, but those that have ended.
std::vector<TreeProcess> read_tree(int root, int signal);

}  // namespace smlaunch
