// SPDX-License-Identifier: Apache-2.0
// Non-blocking (NCCL 2.14 and newer): a call returns at once, and ncclCommGetAsyncError tells when it is
// done. Only then is ncclCommAbort safe at any moment (NCCL's user guide, "Fault Tolerance"). An older NCCL
// makes its communicator in a thread that is left behind if nobody comes.
#include "cuda/nccl_communicator.hpp"

#include <atomic>
#include <chrono>
#include <thread>

namespace smlaunch {
namespace {

constexpr std::chrono::seconds abort_bound{5};

struct Call {
  std::atomic<bool> is_done = false;
  NcclResult result = nccl_success;
  NcclComm comm = nullptr;
};

}  // namespace

NcclCommunicator::NcclCommunicator(const NcclApi& nccl, const GpuDevice& device, WhyStop why_stop)
    : nccl_(nccl), device_(device), why_stop_(std::move(why_stop)) {}

NcclCommunicator::~NcclCommunicator() { abort(); }

Result<void> NcclCommunicator::failed(NcclResult result, const char* what) {
  blames_peer_ = result == nccl_remote_error;
  return failure(Fault::start, what, nccl_.describe(result, comm_));
}

Result<void> NcclCommunicator::go_on(const PollPauses& pauses) const {
  if (const auto why = why_stop_()) return failure(Fault::start, "NCCL", *why);
  pauses.pause();
  return {};
}

// Waits until the communicator has done what it was asked for.
Result<void> NcclCommunicator::settle(NcclResult result, const char* what) {
  const PollPauses pauses;
  while (result == nccl_in_progress) {
    if (auto on = go_on(pauses); !on) return on;
    if (const NcclResult asked = nccl_.get_async_error(comm_, &result); asked != nccl_success)
      return failed(asked, "ncclCommGetAsyncError");
  }
  if (result != nccl_success) return failed(result, what);
  return {};
}

Result<void> NcclCommunicator::init(int ranks, int rank, const NcclUniqueId& id) {
  if (!nccl_.is_non_blocking()) return init_blocking(ranks, rank, id);
  NcclConfig config;
  return settle(nccl_.init_rank_config(&comm_, ranks, id, rank, &config), "ncclCommInitRankConfig");
}

Result<void> NcclCommunicator::init_blocking(int ranks, int rank, const NcclUniqueId& id) {
  auto call = std::make_shared<Call>();
  std::thread([call, ranks, rank, id, init = nccl_.init_rank, device = device_] {
    device.use_in_this_thread();
    call->result = init(&call->comm, ranks, id, rank);
    call->is_done = true;
  }).detach();
  const PollPauses pauses;
  while (!call->is_done) {
    is_stuck_ = true;
    if (auto on = go_on(pauses); !on) return on;
  }
  is_stuck_ = false;
  comm_ = call->comm;
  if (call->result != nccl_success) return failed(call->result, "ncclCommInitRank");
  return {};
}

Result<void> NcclCommunicator::all_reduce(CuPointer send, CuPointer receive, std::size_t elements,
                                          int operation) {
  // NOLINTBEGIN(performance-no-int-to-ptr): the driver's addresses are numbers
  return settle(nccl_.all_reduce(reinterpret_cast<const void*>(send), reinterpret_cast<void*>(receive),
                                 elements, nccl_int64, operation, comm_, device_.stream()),
                "ncclAllReduce");
  // NOLINTEND(performance-no-int-to-ptr)
}

Result<void> NcclCommunicator::wait() {
  const PollPauses pauses;
  while (true) {
    const auto idle = device_.is_idle();
    if (!idle) return tl::unexpected(idle.error());
    if (*idle) return {};
    // Other ranks may have failed: then the stream would wait for ever.
    NcclResult state = nccl_success;
    if (const NcclResult asked = nccl_.get_async_error(comm_, &state); asked != nccl_success)
      return failed(asked, "ncclCommGetAsyncError");
    if (state != nccl_success && state != nccl_in_progress) return failed(state, "the all-reduce");
    if (auto on = go_on(pauses); !on) return on;
  }
}

Result<void> NcclCommunicator::close() {
  if (nccl_.finalize != nullptr)
    if (auto done = settle(nccl_.finalize(comm_), "ncclCommFinalize"); !done) return done;
  const NcclResult result = nccl_.destroy(comm_);
  if (result != nccl_success) return failed(result, "ncclCommDestroy");
  comm_ = nullptr;
  return {};
}

bool NcclCommunicator::abort() {
  if (is_stuck_) return false;
  if (comm_ == nullptr) return true;
  auto call = std::make_shared<Call>();
  std::thread([call, comm = comm_, abort = nccl_.abort, device = device_] {
    device.use_in_this_thread();
    call->result = abort(comm);
    call->is_done = true;
  }).detach();
  comm_ = nullptr;
  const auto until = std::chrono::steady_clock::now() + abort_bound;
  const PollPauses pauses;
  while (!call->is_done && std::chrono::steady_clock::now() < until) pauses.pause();
  is_stuck_ = !call->is_done;
  return !is_stuck_;
}

}  // namespace smlaunch
