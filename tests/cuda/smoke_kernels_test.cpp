// SPDX-License-Identifier: Apache-2.0
// The kernels' own source, compiled for the CPU and run thread by thread; and the PTX that was made of it.
#include "cuda/smoke_kernels.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace {

struct Place {
  unsigned x = 0;
};
Place gridDim;
Place blockDim;
Place blockIdx;
Place threadIdx;
long long clock_now = 0;

void atomicAdd(unsigned long long* at, unsigned long long number) { *at += number; }
void atomicMin(unsigned long long* at, unsigned long long number) { *at = std::min(*at, number); }
void atomicMax(unsigned long long* at, unsigned long long number) { *at = std::max(*at, number); }
long long clock64() { return clock_now++; }

}  // namespace

#define __global__
#include "cuda/smoke_kernels.cu"
#undef __global__

namespace smlaunch {
namespace {

template <class Kernel>
void run(unsigned blocks, unsigned threads, Kernel kernel) {
  gridDim.x = blocks;
  blockDim.x = threads;
  for (blockIdx.x = 0; blockIdx.x < blocks; ++blockIdx.x)
    for (threadIdx.x = 0; threadIdx.x < threads; ++threadIdx.x) kernel();
}

// More elements than threads, fewer, and as many.
constexpr std::size_t sizes[] = {1, 7, 64, 1000};
const std::vector<long long> values = {5, -6, 7};

std::vector<long long> filled(std::size_t size) {
  std::vector<long long> buffer(size, 0);
  run(4, 16, [&] { smlaunch_fill(buffer.data(), 0, size, values.data(), 3); });
  return buffer;
}

std::vector<unsigned long long> verified(const std::vector<long long>& buffer) {
  std::vector<unsigned long long> found = {0, ~0ULL, 0};
  run(4, 16, [&] { smlaunch_verify(buffer.data(), buffer.size(), values.data(), 3, found.data()); });
  return found;
}

TEST(SmokeKernels, FillRepeatsTheValuesFromElementZeroOn) {
  for (const std::size_t size : sizes) {
    const auto buffer = filled(size);
    for (std::size_t i = 0; i < size; ++i) ASSERT_EQ(buffer[i], values[i % 3]) << size << " " << i;
  }
}

TEST(SmokeKernels, FillOfAPartLeavesTheRest) {
  std::vector<long long> buffer(300, 1);
  run(2, 8, [&] { smlaunch_fill(buffer.data(), 100, 200, values.data(), 3); });
  for (std::size_t i = 0; i < 300; ++i) ASSERT_EQ(buffer[i], i >= 100 && i < 200 ? values[i % 3] : 1) << i;
}

TEST(SmokeKernels, VerifyLooksAtEveryElement) {
  for (const std::size_t size : sizes) {
    EXPECT_EQ(verified(filled(size)), (std::vector<unsigned long long>{0, ~0ULL, 0}));
    for (std::size_t i = 0; i < size; ++i) {
      auto buffer = filled(size);
      ++buffer[i];
      ASSERT_EQ(verified(buffer), (std::vector<unsigned long long>{1, i, i})) << size;
    }
  }
}

TEST(SmokeKernels, VerifyCountsAndNamesTheFirstAndTheLast) {
  auto buffer = filled(1000);
  for (const std::size_t i : {999U, 3U, 500U, 501U}) buffer[i] = 0;
  EXPECT_EQ(verified(buffer), (std::vector<unsigned long long>{4, 3, 999}));
}

TEST(SmokeKernels, HoldEndsByTheLatchOrByTheClock) {
  unsigned latch = 1;
  clock_now = 0;
  smlaunch_hold(&latch, 1'000'000);
  EXPECT_LT(clock_now, 10);
  latch = 0;
  smlaunch_hold(&latch, 100);
  EXPECT_GE(clock_now, 100);
}

TEST(SmokeKernels, TheirPtxIsOfAVersionThatOldDriversTake) {
  const std::string ptx = smoke_kernels();
  for (const char* wanted : {"\n.version 6.3\n", "\n.target sm_50\n", ".visible .entry smlaunch_fill(",
                             ".visible .entry smlaunch_verify(", ".visible .entry smlaunch_hold("})
    EXPECT_NE(ptx.find(wanted), std::string::npos) << wanted;
}

}  // namespace
}  // namespace smlaunch
