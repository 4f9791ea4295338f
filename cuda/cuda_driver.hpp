// SPDX-License-Identifier: Apache-2.0
// The CUDA driver's own functions, opened at run time and declared by hand. So the same program runs with and
// without a driver, and with any version of the driver, whatever toolkit was there to build it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.hpp"

namespace smlaunch {

using CuResult = int;
inline constexpr CuResult cu_success = 0;
inline constexpr CuResult cu_not_ready = 600;
using CuDevice = int;
using CuPointer = unsigned long long;
using CuContext = struct CUctx_st*;
using CuModule = struct CUmod_st*;
using CuFunction = struct CUfunc_st*;
using CuStream = struct CUstream_st*;
using CuEvent = struct CUevent_st*;
struct CuUuid {
  unsigned char bytes[16];
};

struct CudaDriver {
  bool is_test_double = false;

  CuResult (*init)(unsigned) = nullptr;
  CuResult (*error_name)(CuResult, const char**) = nullptr;
  CuResult (*error_string)(CuResult, const char**) = nullptr;
  CuResult (*device_count)(int*) = nullptr;
  CuResult (*device)(CuDevice*, int) = nullptr;
  CuResult (*device_uuid)(CuUuid*, CuDevice) = nullptr;
  CuResult (*retain_context)(CuContext*, CuDevice) = nullptr;
  CuResult (*set_context)(CuContext) = nullptr;
  CuResult (*memory)(std::size_t* free, std::size_t* total) = nullptr;
  CuResult (*allocate)(CuPointer*, std::size_t) = nullptr;
  CuResult (*free)(CuPointer) = nullptr;
  CuResult (*allocate_host)(void**, std::size_t, unsigned flags) = nullptr;
  CuResult (*host_pointer)(CuPointer*, void*, unsigned flags) = nullptr;
  CuResult (*copy_to_device)(CuPointer, const void*, std::size_t, CuStream) = nullptr;
  CuResult (*copy_to_host)(void*, CuPointer, std::size_t, CuStream) = nullptr;
  CuResult (*set_bytes)(CuPointer, unsigned char, std::size_t, CuStream) = nullptr;
  CuResult (*create_stream)(CuStream*, unsigned) = nullptr;
  CuResult (*query_stream)(CuStream) = nullptr;
  CuResult (*synchronize_stream)(CuStream) = nullptr;
  CuResult (*create_event)(CuEvent*, unsigned) = nullptr;
  CuResult (*record_event)(CuEvent, CuStream) = nullptr;
  CuResult (*elapsed)(float* milliseconds, CuEvent, CuEvent) = nullptr;
  CuResult (*load_module)(CuModule*, const void*) = nullptr;
  CuResult (*function)(CuFunction*, CuModule, const char*) = nullptr;
  CuResult (*launch)(CuFunction, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                     unsigned block_y, unsigned block_z, unsigned shared_bytes, CuStream, void** parameters,
                     void** extra) = nullptr;

  // "no CUDA-capable device is detected (CUDA_ERROR_NO_DEVICE)"
  [[nodiscard]] std::string describe(CuResult result) const;
};

// Opens libcuda.so.1 and initialises it. Errors (Fault::start): there is no driver, it does not start, it
// lacks functions, it is a test double outside a test.
Result<CudaDriver> load_cuda_driver();

}  // namespace smlaunch
