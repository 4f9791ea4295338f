// SPDX-License-Identifier: Apache-2.0
#include "cuda/gpu_device.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>

#include "base/hex.hpp"
#include "cuda/smoke_kernels.hpp"

namespace smlaunch {
namespace {

constexpr unsigned threads_per_block = 256;
constexpr std::size_t most_blocks = 1024;
constexpr unsigned non_blocking_stream = 1;  // CU_STREAM_NON_BLOCKING: does not wait for the null stream

constexpr unsigned mapped_memory = 2;  // CU_MEMHOSTALLOC_DEVICEMAP
constexpr unsigned long long most_held_clocks = 2'000'000'000;

std::string render_uuid(const CuUuid& uuid) {
  std::string text = to_hex({reinterpret_cast<const char*>(uuid.bytes), 16});
  for (const std::size_t at : {20U, 16U, 12U, 8U}) text.insert(at, "-");
  return "GPU-" + text;
}

}  // namespace

Result<void> GpuDevice::check(CuResult result, const char* what) const {
  if (result == cu_success) return {};
  return failure(Fault::start, name_, fmt::format("{}: {}", what, driver_.describe(result)),
                 "look at nvidia-smi and dmesg on this host");
}

Result<GpuDevice> GpuDevice::open(const CudaDriver& driver, int index) {
  GpuDevice device(driver);
  device.name_ = fmt::format("GPU {}", index);
  if (auto started = device.start(index); !started) return tl::unexpected(started.error());
  return device;
}

Result<void> GpuDevice::start(int index) {
  int count = 0;
  if (auto counted = check(driver_.device_count(&count), "cuDeviceGetCount"); !counted) return counted;
  if (index >= count)
    return failure(Fault::start, name_, fmt::format("is not there: CUDA shows {} here", count),
                   "look at CUDA_VISIBLE_DEVICES and nvidia-smi");
  CuDevice device = 0;
  CuUuid uuid{};
  CuModule module = nullptr;
  const auto steps = [&]() -> Result<void> {
    if (auto r = check(driver_.device(&device, index), "cuDeviceGet"); !r) return r;
    if (driver_.device_uuid(&uuid, device) == cu_success) facts_.uuid = render_uuid(uuid);
    if (auto r = check(driver_.retain_context(&context_, device), "cuDevicePrimaryCtxRetain"); !r) return r;
    if (auto r = check(driver_.set_context(context_), "cuCtxSetCurrent"); !r) return r;
    driver_.memory(&facts_.free_bytes, &facts_.total_bytes);
    if (auto r = check(driver_.create_stream(&stream_, non_blocking_stream), "cuStreamCreate"); !r) return r;
    if (auto r = check(driver_.load_module(&module, smoke_kernels()), "cuModuleLoadData"); !r) return r;
    if (auto r = check(driver_.function(&fill_, module, "smlaunch_fill"), "cuModuleGetFunction"); !r)
      return r;
    if (auto r = check(driver_.function(&verify_, module, "smlaunch_verify"), "cuModuleGetFunction"); !r)
      return r;
    if (auto r = check(driver_.function(&hold_, module, "smlaunch_hold"), "cuModuleGetFunction"); !r)
      return r;
    void* latch = nullptr;
    if (auto r = check(driver_.allocate_host(&latch, sizeof(unsigned), mapped_memory), "cuMemHostAlloc"); !r)
      return r;
    latch_ = static_cast<unsigned*>(latch);
    return check(driver_.host_pointer(&latch_on_device_, latch, 0), "cuMemHostGetDevicePointer");
  };
  return steps();
}

Result<CuPointer> GpuDevice::allocate(std::size_t elements, CuPointer old) const {
  if (old != 0) driver_.free(old);
  CuPointer pointer = 0;
  const std::size_t bytes = std::max<std::size_t>(1, elements) * sizeof(std::int64_t);
  if (const CuResult result = driver_.allocate(&pointer, bytes); result != cu_success)
    return failure(Fault::start, name_,
                   fmt::format("{} bytes of its memory cannot be allocated: {}; {} of {} bytes were free",
                               bytes, driver_.describe(result), facts_.free_bytes, facts_.total_bytes),
                   "end what uses the GPU (nvidia-smi), or give less --smoke-bytes");
  return pointer;
}

Result<void> GpuDevice::copy_in(CuPointer to, std::span<const std::int64_t> elements) const {
  if (auto r = check(driver_.copy_to_device(to, elements.data(), elements.size_bytes(), stream_),
                     "cuMemcpyHtoDAsync");
      !r)
    return r;
  return check(driver_.synchronize_stream(stream_), "cuStreamSynchronize");
}

Result<void> GpuDevice::hold() const {
  std::atomic_ref(*latch_).store(0);
  CuPointer latch = latch_on_device_;
  unsigned long long clocks = most_held_clocks;
  void* parameters[] = {&latch, &clocks};
  return check(driver_.launch(hold_, 1, 1, 1, 1, 1, 1, 0, stream_, parameters, nullptr), "cuLaunchKernel");
}

void GpuDevice::let_go() const { std::atomic_ref(*latch_).store(1); }

Result<void> GpuDevice::launch(CuFunction function, std::size_t elements, void** parameters) const {
  const std::size_t wanted = (elements + threads_per_block - 1) / threads_per_block;
  const auto blocks = static_cast<unsigned>(std::clamp<std::size_t>(wanted, 1, most_blocks));
  return check(
      driver_.launch(function, blocks, 1, 1, threads_per_block, 1, 1, 0, stream_, parameters, nullptr),
      "cuLaunchKernel");
}

Result<void> GpuDevice::fill(CuPointer buffer, std::size_t begin, std::size_t end, CuPointer values,
                             std::size_t period) const {
  unsigned long long first = begin;
  unsigned long long stop = end;
  auto repeated = static_cast<unsigned>(period);
  void* parameters[] = {&buffer, &first, &stop, &values, &repeated};
  return launch(fill_, end - begin, parameters);
}

Result<void> GpuDevice::set_bytes(CuPointer buffer, std::size_t elements, unsigned char byte) const {
  return check(driver_.set_bytes(buffer, byte, elements * sizeof(std::int64_t), stream_), "cuMemsetD8Async");
}

Result<void> GpuDevice::verify(CuPointer buffer, std::size_t elements, CuPointer values, std::size_t period,
                               CuPointer found) const {
  // The kernel reads these as unsigned numbers: 0, the largest one, 0.
  const std::array<std::int64_t, 3> none = {0, -1, 0};
  if (auto r = copy_in(found, none); !r) return r;
  unsigned long long count = elements;
  auto repeated = static_cast<unsigned>(period);
  void* parameters[] = {&buffer, &count, &values, &repeated, &found};
  return launch(verify_, elements, parameters);
}

Result<WrongSpan> GpuDevice::take_wrong_span(CuPointer found) const {
  auto numbers = copy_out(found, 0, 3);
  if (!numbers) return tl::unexpected(numbers.error());
  const auto number = [&](std::size_t i) { return static_cast<std::uint64_t>((*numbers)[i]); };
  return number(0) == 0 ? WrongSpan{} : WrongSpan{number(0), number(1), number(2)};
}

Result<std::vector<std::int64_t>> GpuDevice::copy_out(CuPointer buffer, std::size_t begin,
                                                      std::size_t elements) const {
  std::vector<std::int64_t> taken(elements);
  const CuPointer from = buffer + begin * sizeof(std::int64_t);
  auto copied = check(driver_.copy_to_host(taken.data(), from, elements * sizeof(std::int64_t), stream_),
                      "cuMemcpyDtoH");
  if (copied) copied = check(driver_.synchronize_stream(stream_), "cuStreamSynchronize");
  if (!copied) return tl::unexpected(copied.error());
  return taken;
}

Result<CuEvent> GpuDevice::make_event() const {
  CuEvent event = nullptr;
  if (auto made = check(driver_.create_event(&event, 0), "cuEventCreate"); !made)
    return tl::unexpected(made.error());
  return event;
}

Result<void> GpuDevice::record(CuEvent event) const {
  return check(driver_.record_event(event, stream_), "cuEventRecord");
}

Result<double> GpuDevice::seconds_between(CuEvent from, CuEvent to) const {
  float milliseconds = 0;
  if (auto r = check(driver_.elapsed(&milliseconds, from, to), "cuEventElapsedTime"); !r)
    return tl::unexpected(r.error());
  return static_cast<double>(milliseconds) / 1000;
}

Result<bool> GpuDevice::is_idle() const {
  const CuResult result = driver_.query_stream(stream_);
  if (result == cu_not_ready) return false;
  if (auto r = check(result, "the stream"); !r) return tl::unexpected(r.error());
  return true;
}

}  // namespace smlaunch
