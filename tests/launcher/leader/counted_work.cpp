// SPDX-License-Identifier: Apache-2.0
// A file of its own: where a compiler sees these beside their uses, it warns of a free() without a malloc().
#include "tests/launcher/leader/counted_work.hpp"

#include <cstdlib>
#include <new>

namespace {

std::uint64_t blocks = 0;
std::uint64_t allocations = 0;

}  // namespace

// The compiler's name, which it calls in each basic block.
extern "C" void __sanitizer_cov_trace_pc();               // NOLINT(bugprone-reserved-identifier)
extern "C" void __sanitizer_cov_trace_pc() { ++blocks; }  // NOLINT(bugprone-reserved-identifier)

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace smlaunch {

std::uint64_t counted_blocks() { return blocks; }
std::uint64_t counted_allocations() { return allocations; }

}  // namespace smlaunch
