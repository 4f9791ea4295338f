// SPDX-License-Identifier: Apache-2.0
// A GPU and an NCCL of the tests' own, in one library that stands for libcuda.so.1, libnccl.so.2 and
// libnvidia-ml.so.1. The GPU's memory is the host's, a stream is a thread, and NCCL really reduces between
// processes, over TCP. smlaunch refuses it unless SMLAUNCH_TEST_DOUBLES is set (cuda/test_double.hpp).
//
// FAKE_NCCL="FAULT[=NUMBER][:rank=N|:host=NAME][;...]": a fault on every rank, on one, or on those of a host
// (RANK, SM_CURRENT_HOST, the host's name). What there is:
//   hang_init            never gets a communicator
//   fail_init            cannot connect
//   hang                 the first large all-reduce never ends
//   fail                 it fails
//   corrupt_sent         what is sent is changed on its way
//   corrupt_received     what comes back is changed
//   double, drop         its contribution counts twice, not at all
//   slow=MILLISECONDS    every large all-reduce takes so much longer
//   stuck_abort          ncclCommAbort never returns
//   version=NUMBER       ncclGetVersion
#pragma once

#include <functional>
#include <optional>
#include <string_view>

namespace fake_gpu {

// Runs it in order on the thread of this stream.
void enqueue(void* stream, std::function<void()> work);

// The number of a fault that is meant for this process; 0 where it has none.
std::optional<long> fault(std::string_view name);

}  // namespace fake_gpu
