// SPDX-License-Identifier: Apache-2.0
// What this test program has done so far.
#pragma once

#include <cstdint>

namespace smlaunch {

// Of the code that was compiled with -fsanitize-coverage=trace-pc.
std::uint64_t counted_blocks();
// Of the whole program.
std::uint64_t counted_allocations();

}  // namespace smlaunch
