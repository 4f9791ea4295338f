// SPDX-License-Identifier: Apache-2.0
// Does a silent rank compute? Its processor time alone does not tell: programs also wait by spinning. So some looks,
// a moment apart, at where its threads run that run: a rank that computes is here and there, and not only in the
// libraries by which ranks wait for each other.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace smlaunch {

// A thread that ran when it was looked at.
struct RunningThread {
  int tid = 0;
  double cpu_seconds = 0;         // that it has used so far
  std::uint64_t instruction = 0;  // 0: the kernel does not show it, or it did not stop in time
  std::string module = {};  // the file that it lies in: "libmpi.so.40"; empty: none, such as compiled code
};

// The threads of a rank that ran, at one look.
using MotionLook = std::vector<RunningThread>;

struct Motion {
  bool computes = false;
  std::string where = {};  // the module in which it was seen most; empty: this host does not show it
  bool operator==(const Motion&) const = default;
};

// All the looks, and what the rank's processes used meanwhile.
struct LookedTime {
  double cpu_seconds = 0;
  double seconds = 0;
};

// One and the same thread ran in more than half of the looks, was not in a library that waits then, and used the
// processor; it was at different instructions; and it was in a module of its own (neither a module that waits
// nor a module that both call) in a quarter of them at least, and more often than in a module that waits. Many threads
// of many ranks are seen somewhere else now and then; so one sample is none. Of a thread at which no instruction can be
// seen, having run is all there is, and counts. A rank that polls waits for a processor most of the time where these are
// scarce; but it uses next to none of it.
Motion judge_motion(const std::vector<MotionLook>& looks, const LookedTime& time);

// Looks at these processes, for three seconds at most. Each of their threads is stopped for moments, by a thread of ours
// that is gone when this returns.
Motion watch_motion(const std::vector<int>& pids);

// MPI, NCCL, CUDA's driver, the network's libraries, whose waiting spins.
bool is_waiting_module(std::string_view module);

// The file that holds the address, by /proc/PID/maps; "[vdso]" and the like keep their names.
std::string find_module(std::string_view maps, std::uint64_t address);

}  // namespace smlaunch
