// SPDX-License-Identifier: Apache-2.0
#include "cuda/cuda_driver.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>

#include "cuda/test_double.hpp"

namespace smlaunch {
namespace {

constexpr const char* driver_name = "libcuda.so.1";
constexpr CuResult no_device = 100;
constexpr CuResult driver_mismatch = 803;

// Looks up functions and remembers the first that is missing.
class Finder {
 public:
  explicit Finder(void* library) : library_(library) {}
  template <class Function>
  Finder& find(const char* name, Function*& function) {
    function = reinterpret_cast<Function*>(dlsym(library_, name));
    if (function == nullptr && missing_ == nullptr) missing_ = name;
    return *this;
  }
  [[nodiscard]] const char* missing() const { return missing_; }

 private:
  void* library_;
  const char* missing_ = nullptr;
};

const char* find_functions(void* library, CudaDriver& driver) {
  return Finder(library)
      .find("cuInit", driver.init)
      .find("cuGetErrorName", driver.error_name)
      .find("cuGetErrorString", driver.error_string)
      .find("cuDeviceGetCount", driver.device_count)
      .find("cuDeviceGet", driver.device)
      .find("cuDeviceGetUuid", driver.device_uuid)
      .find("cuDevicePrimaryCtxRetain", driver.retain_context)
      .find("cuCtxSetCurrent", driver.set_context)
      .find("cuMemGetInfo_v2", driver.memory)
      .find("cuMemAlloc_v2", driver.allocate)
      .find("cuMemFree_v2", driver.free)
      .find("cuMemHostAlloc", driver.allocate_host)
      .find("cuMemHostGetDevicePointer_v2", driver.host_pointer)
      .find("cuMemcpyHtoDAsync_v2", driver.copy_to_device)
      .find("cuMemcpyDtoHAsync_v2", driver.copy_to_host)
      .find("cuMemsetD8Async", driver.set_bytes)
      .find("cuStreamCreate", driver.create_stream)
      .find("cuStreamQuery", driver.query_stream)
      .find("cuStreamSynchronize", driver.synchronize_stream)
      .find("cuEventCreate", driver.create_event)
      .find("cuEventRecord", driver.record_event)
      .find("cuEventElapsedTime", driver.elapsed)
      .find("cuModuleLoadData", driver.load_module)
      .find("cuModuleGetFunction", driver.function)
      .find("cuLaunchKernel", driver.launch)
      .missing();
}

std::string remedy_for(CuResult result) {
  if (result == no_device) {
    const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
    return visible == nullptr ? "look at nvidia-smi on this host"
                              : fmt::format("CUDA_VISIBLE_DEVICES is \"{}\" here", visible);
  }
  if (result == driver_mismatch)
    return "the driver's library and its kernel module differ: restart the host, or the container";
  return "look at nvidia-smi and dmesg on this host";
}

}  // namespace

std::string CudaDriver::describe(CuResult result) const {
  const char* name = nullptr;
  const char* text = nullptr;
  if (error_name(result, &name) != cu_success || name == nullptr) return fmt::format("CUDA error {}", result);
  if (error_string(result, &text) != cu_success || text == nullptr) return name;
  return fmt::format("{} ({})", text, name);
}

Result<CudaDriver> load_cuda_driver() {
  void* library = dlopen(driver_name, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    return failure(Fault::start, driver_name, "there is no NVIDIA driver here",
                   "install it, or start the container with its GPUs (docker: --gpus all)");
  CudaDriver driver;
  const LibraryOrigin origin = find_origin(library);
  if (origin == LibraryOrigin::refused_test_double)
    return failure(Fault::start, driver_name, "is a test's imitation of the driver",
                   fmt::format("only tests set {}", test_double_variable));
  driver.is_test_double = origin == LibraryOrigin::test_double;
  if (const char* missing = find_functions(library, driver))
    return failure(Fault::start, driver_name, fmt::format("lacks {}", missing), "install a newer driver");
  if (const CuResult started = driver.init(0); started != cu_success)
    return failure(Fault::start, driver_name, driver.describe(started), remedy_for(started));
  return driver;
}

}  // namespace smlaunch
