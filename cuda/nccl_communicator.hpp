// SPDX-License-Identifier: Apache-2.0
// One rank's communicator. Every call that waits for others asks again and again whether to go on, so that a
// rank which waits for one that never comes ends in time and says so.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cuda/gpu_device.hpp"
#include "cuda/nccl_api.hpp"

namespace smlaunch {

// Nothing: go on. Else why not, as in "it was told to stop".
using WhyStop = std::function<std::optional<std::string>()>;

// Errors of all functions: Fault::start, with NCCL's own words or why it was stopped. After one, abort().
class NcclCommunicator {
 public:
  NcclCommunicator(const NcclApi& nccl, const GpuDevice& device, WhyStop why_stop);
  ~NcclCommunicator();
  NcclCommunicator(const NcclCommunicator&) = delete;
  NcclCommunicator& operator=(const NcclCommunicator&) = delete;

  // Returns when all `ranks` have called it with the same id.
  Result<void> init(int ranks, int rank, const NcclUniqueId& id);
  // Puts it on the device's stream. `operation`: nccl_sum, nccl_max; over 64-bit integers.
  Result<void> all_reduce(CuPointer send, CuPointer receive, std::size_t elements, int operation);
  // Until all that is on the stream is done.
  Result<void> wait();
  // The good end.
  Result<void> close();
  // The other: gives up what is under way, here; every rank does so for itself. False: it does not come back
  // (or this NCCL is too old to give up), and only the end of the process will do.
  bool abort();
  // The last error was NCCL's word for another rank's.
  [[nodiscard]] bool blames_peer() const { return blames_peer_; }

 private:
  Result<void> init_blocking(int ranks, int rank, const NcclUniqueId& id);
  Result<void> settle(NcclResult result, const char* what);
  Result<void> failed(NcclResult result, const char* what);
  [[nodiscard]] Result<void> go_on() const;

  const NcclApi& nccl_;
  const GpuDevice& device_;
  WhyStop why_stop_;
  NcclComm comm_ = nullptr;
  bool blames_peer_ = false;
  bool is_stuck_ = false;  // a thread of ours is inside a call that does not return
};

}  // namespace smlaunch
