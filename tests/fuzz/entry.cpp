// SPDX-License-Identifier: Apache-2.0
// Where libFuzzer comes in.
#include <cstdint>

#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  smlaunch::fuzz({reinterpret_cast<const char*>(data), size});
  return 0;
}
