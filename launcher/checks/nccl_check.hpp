// SPDX-License-Identifier: Apache-2.0
// One all-reduce test as one rank runs it on its GPU: communicator, warm-up, timed repeats, and every element
// of every sum compared on the GPU.
#pragma once

#include <functional>
#include <optional>
#include <tl/expected.hpp>

#include "cuda/gpu_device.hpp"
#include "cuda/nccl_api.hpp"
#include "cuda/nccl_communicator.hpp"
#include "launcher/smoke/check_settings.hpp"
#include "launcher/smoke/rank_result.hpp"

namespace smlaunch {

// 64-bit elements on the GPU.
struct NcclBuffer {
  CuPointer at = 0;
  std::size_t elements = 0;
};

// The buffers of a test; they are kept from test to test.
struct NcclBuffers {
  NcclBuffer sent;
  NcclBuffer received;
  NcclBuffer own_values;  // of one period
  NcclBuffer sum_values;
  NcclBuffer change_values;  // of an injected fault
  NcclBuffer found;
  NcclBuffer scalars;  // two: sent, received
  NcclBuffer gpus;     // one for each rank
  CuEvent begin = nullptr;
  CuEvent together = nullptr;
  CuEvent end = nullptr;
};

// Makes room for tests of `elements` elements. Errors: the GPU has no more memory.
Result<void> reserve_nccl_buffers(const GpuDevice& device, std::size_t elements, NcclBuffers& buffers);

struct NcclTest {
  RunTest order;
  int index = 0;  // of this rank among the test's ranks
  NcclUniqueId id;
  ContributionChange change = ContributionChange::none;
  double late_seconds = 0;  // how long it sleeps before each repeat
};

struct NcclWatch {
  std::function<void(SmokeStage)> reached;
  WhyStop why_stop;
};

struct NcclFailure {
  CheckFailed failed;
  bool must_end = false;  // this process cannot run another test
};

// Adds the buffers that are still missing in `buffers`.
tl::expected<TestResult, NcclFailure> run_nccl_test(const NcclApi& nccl, const GpuDevice& device,
                                                    NcclBuffers& buffers, const NcclTest& test,
                                                    const NcclWatch& watch);

}  // namespace smlaunch
