// SPDX-License-Identifier: Apache-2.0
// One GPU, as the all-reduce check uses it: buffers, a stream, times, and the two kernels. Most functions
// only put work on the stream. `is_idle` says whether the work is done, so that a caller who waits can give
// up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "cuda/cuda_driver.hpp"

namespace smlaunch {

struct GpuFacts {
  std::string uuid;  // "GPU-…", as NVML writes it
  std::size_t free_bytes = 0;
  std::size_t total_bytes = 0;
};

// What the verifying kernel found.
struct WrongSpan {
  std::uint64_t count = 0;
  std::uint64_t first = 0;  // the first wrong element, where count is not 0
  std::uint64_t last = 0;   // the last one
  bool operator==(const WrongSpan&) const = default;
};

// All functions have the same error: Fault::start, with the driver's own words.
class GpuDevice {
 public:
  // `index` as CUDA counts inside this process. The GPU's primary context, which NCCL uses, becomes the
  // context of this thread.
  static Result<GpuDevice> open(const CudaDriver& driver, int index);

  [[nodiscard]] const GpuFacts& facts() const { return facts_; }
  [[nodiscard]] void* stream() const { return stream_; }
  // Every other thread calls this before its first call for this GPU.
  void use_in_this_thread() const { driver_.set_context(context_); }

  // Room for 64-bit elements, which replaces the room at `old` (0: none); the end of the process frees it.
  Result<CuPointer> allocate(std::size_t elements, CuPointer old) const;

  // Waits for the stream; at most kernels may still run there.
  Result<void> copy_in(CuPointer to, std::span<const std::int64_t> elements) const;
  // Elements [begin, end) become `values`, a buffer on the GPU that is repeated from element 0 on.
  Result<void> fill(CuPointer buffer, std::size_t begin, std::size_t end, CuPointer values,
                    std::size_t period) const;
  Result<void> set_bytes(CuPointer buffer, std::size_t elements, unsigned char byte) const;
  // When the stream is idle, the answer is in `found` (three elements); take_wrong_span reads it.
  Result<void> verify(CuPointer buffer, std::size_t elements, CuPointer values, std::size_t period,
                      CuPointer found) const;
  // Holds back all work that is put on the stream from now on, until let_go(), but no longer than about a
  // second. The host needs longer for some calls than the GPU for the work. Work that was held back runs
  // without a gap.
  Result<void> hold() const;
  void let_go() const;

  // Both wait for the stream, which should be idle.
  Result<WrongSpan> take_wrong_span(CuPointer found) const;
  Result<std::vector<std::int64_t>> copy_out(CuPointer buffer, std::size_t begin, std::size_t elements) const;

  Result<CuEvent> make_event() const;
  Result<void> record(CuEvent event) const;
  Result<double> seconds_between(CuEvent from, CuEvent to) const;
  // Errors: work on the stream has failed.
  Result<bool> is_idle() const;

 private:
  explicit GpuDevice(const CudaDriver& driver) : driver_(driver) {}
  Result<void> start(int index);
  Result<void> launch(CuFunction function, std::size_t elements, void** parameters) const;
  [[nodiscard]] Result<void> check(CuResult result, const char* what) const;

  CudaDriver driver_;
  GpuFacts facts_;
  std::string name_;  // "GPU 0"
  CuContext context_ = nullptr;
  CuStream stream_ = nullptr;
  CuFunction fill_ = nullptr;
  CuFunction verify_ = nullptr;
  CuFunction hold_ = nullptr;
  unsigned* latch_ = nullptr;  // in the host's memory, and visible to the GPU
  CuPointer latch_on_device_ = 0;
};

}  // namespace smlaunch
