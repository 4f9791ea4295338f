// SPDX-License-Identifier: Apache-2.0
// The room launcher/process: processes and signals of this machine: starting, watching and ending processes
// and their descendants, and what the kernel says about them. It promises that a command is an argv and
// never a shell's text, and that the end of a process is never guessed. It touches the kernel: processes,
// /proc, cgroups, signals, limits; and writes the files that it is told to.
//
// Starting a process: an argv and an environment, never a shell string.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "launcher/process/exit_status.hpp"
#include "launcher/process/unique_fd.hpp"

namespace smlaunch {

// When a child gets its death signal. The kernel's own rule is the first: it comes when the thread that has started the
// child ends, and again for each thread of ours that then takes the child over. A killed process of several threads so
// sends it more than once. `once`: when all of our process has ended. For that the child holds a pipe, and hands it on to
// children of its own that close no strange descriptors.
enum class DeathSignal { for_each_thread, once };

struct ChildRequest {
  std::vector<std::string> argv;                   // argv[0] is looked up on the child's PATH
  std::map<std::string, std::string> environment;  // the whole environment
  std::filesystem::path working_directory;         // empty: ours
  bool own_group = true;                           // the leader of a process group of its own
  int death_signal = 0;                            // sent to it when we die; 0: none
  DeathSignal death_comes = DeathSignal::for_each_thread;
  int cgroup = -1;                   // the folder of the cgroup that it is in; -1: ours
  int cgroup_procs = -1;             // cgroup.procs there, if it must be moved
  std::optional<int> niceness = {};  // nice(1); nothing: ours
  int input = -1;                    // its stdin; -1: /dev/null
  bool has_input = false;            // a pipe for its stdin, whatever `input`
};

// A started process and our ends of the pipes of its stdout, its stderr and, where it has one, its stdin.
struct Child {
  int pid = 0;
  UniqueFd pidfd;
  UniqueFd stdout_pipe;
  UniqueFd stderr_pipe;
  UniqueFd stdin_pipe;  // where it was asked for
  UniqueFd our_life;    // where death comes once: the child gets its death signal when this is closed
};

// Why it could not be started: the words of execve or of the kernel.
struct SpawnError {
  int error_number = 0;
  std::string text;      // "python3: No such file or directory"
  std::string why = {};  // the same without the name
};

// Returns when the program runs, or was refused. A command that is named with a slash, lies below the
// working directory and lacks the x bit gets it (the toolkit's chmod +x). A command without an interpreter
// line is run by /bin/sh (execvp(3)).
tl::expected<Child, SpawnError> spawn_child(const ChildRequest& request);

// Readable when the process has ended; not valid where there is no such process. It need not be our child.
UniqueFd open_pidfd(int pid);

// Has our child ended? It stays in the process table.
bool has_ended(int pid);

// Waits for our child's end and takes it out of the process table. Errors (Fault::internal): its status is
// lost, because somebody else has taken it.
Result<ExitStatus> reap(int pid);

// A child that somebody in this process has forked by himself: it is waited for by reap(), as if spawn_child() had
// started it.
void count_as_started(int pid);

// Takes a child that spawn_child() has not started out of the process table, if it has ended. False:
// somebody in this process waits for it.
bool reap_unless_started(int pid);

// The output of a short helper program (`mpirun --version`): its stdout, then its stderr, at most 64 KiB.
struct Captured {
  ExitStatus status;
  std::string output;
  std::string standard_output;  // without its stderr
};
// Errors: it cannot be started, or has not ended within `milliseconds` (it is killed).
Result<Captured> run_captured(const std::vector<std::string>& argv, int milliseconds);

// Our environment as a map.
std::map<std::string, std::string> own_environment();

}  // namespace smlaunch
