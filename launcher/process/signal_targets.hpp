// SPDX-License-Identifier: Apache-2.0
// Which of a rank's processes get a signal.
//
// A stop signal is for the program. The program's own processes (DataLoader's workers, for instance) do not
// get it: they would die of a signal that the program answers with a checkpoint. A shell around the program
// does not count as the program: it does not pass on its signals.
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

// `root`; where it is a shell, the processes that it runs, and so on. A shell that catches the signal, or
// runs nothing, gets it, too.
std::vector<int> find_stop_targets(const std::vector<TreeProcess>& tree, int root);

// The first processes on each way down from `root` that catch the signal or wait for it: others would die of
// it.
std::vector<int> find_hearers(const std::vector<TreeProcess>& tree, int root);

// `root` and its descendants that have not ended, and what they do with `signal`.
std::vector<TreeProcess> read_tree(int root, int signal);

}  // namespace smlaunch
