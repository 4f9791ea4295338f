// SPDX-License-Identifier: Apache-2.0
// One rank's communicator. Every call that waits for other ranks asks again and again whether to go on. So a
// rank that waits for a rank that never comes ends in time, and says so.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cuda/gpu_device.hpp"
#include "cuda/nccl_api.hpp"
#include "cuda/poll_pause.hpp"

namespace smlaunch {

// Nothing: go on. Otherwise the reason to stop: "it was told to stop".
using WhyStop = std::function<std::optional<std::string>()>;

// All functions have the same error: Fault::start, with NCCL's own words or the reason to stop. Call abort()
// after an error.
class NcclCommunicator {
 public:
  NcclCommunicator(const NcclApi& nccl, const GpuDevice& device, WhyStop why_stop);
  ~NcclCommunicator();
  NcclCommunicator(const NcclCommunicator&) = delete;
  NcclCommunicator& operator=(const NcclCommunicator&) = delete;

  // Returns when all ranks have called it with the same id.
  Result<void> init(int ranks, int rank, const NcclUniqueId& id);
  // Puts an all-reduce on the device's stream. `operation`: nccl_sum, nccl_max; over 64-bit integers.
  Result<void> all_reduce(CuPointer send, CuPointer receive, std::size_t elements, int operation);
  // Waits until all work on the stream is done.
  Result<void> wait();
  // Ends the communicator after success.
  Result<void> close();
  // Ends it after an error: gives up the work that is under way on this rank; every rank does so for itself.
  // False: NCCL does not return from it (or this NCCL is too old to give up), so the process must end.
  bool abort();
  // The last error says that another rank has failed.
  [[nodiscard]] bool blames_peer() const { return blames_peer_; }

 private:
  Result<void> init_blocking(int ranks, int rank, const NcclUniqueId& id);
  Result<void> settle(NcclResult result, const char* what);
  Result<void> failed(NcclResult result, const char* what);
  [[nodiscard]] Result<void> go_on(const PollPauses& pauses) const;

  const NcclApi& nccl_;
  const GpuDevice& device_;
  WhyStop why_stop_;
  NcclComm comm_ = nullptr;
  bool blames_peer_ = false;
  bool is_stuck_ = false;  // a thread of ours is inside a call that does not return
};

}  // namespace smlaunch
