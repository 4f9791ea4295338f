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
  std::uint64_t instruction = 0;  // 0: the kernel does not show it
  std::string module = {};  // the file that it lies in: "libmpi.so.40"; empty: none, such as compiled code
};

// The threads of a rank that ran, at one look.
using MotionLook = std::vector<RunningThread>;

struct Motion {
  bool computes = false;
  std::string where = {};  // the module in which it was seen most; empty: it cannot be seen
  bool operator==(const Motion&) const = default;
};

// All the looks, and what the rank's processes used meanwhile.
struct LookedTime {
  double cpu_seconds = 0;
  double seconds = 0;
};

// It ran in more than half of the looks, at different instructions, and some of them lie elsewhere than in a library
// that waits. Where the kernel shows no instruction, having run is all there is, and counts. A rank that polls waits for
// a processor most of the time where these are scarce; but it uses next to none of it.
Motion judge_motion(const std::vector<MotionLook>& looks, const LookedTime& time);

// MPI, NCCL, CUDA's driver, the network's libraries, whose waiting spins.
bool is_waiting_module(std::string_view module);

// The threads of these processes that run now. Each is stopped for a moment that it does not notice: the kernel is
// asked where it is (ptrace(2)). Call it in a thread that ends then: whatever goes wrong, its end lets go of them.
MotionLook look_at_threads(const std::vector<int>& pids);

// The file that holds the address, by /proc/PID/maps; "[vdso]" and the like keep their names.
std::string find_module(std::string_view maps, std::uint64_t address);

}  // namespace smlaunch
