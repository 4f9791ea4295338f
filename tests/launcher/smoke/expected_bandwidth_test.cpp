// SPDX-License-Identifier: Apache-2.0
#include "launcher/smoke/expected_bandwidth.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

Machine made_machine(int gpus, const std::string& links, int nics, int gigabits,
                     const std::string& model = "NVIDIA H200") {
  Machine machine;
  for (int i = 0; i < gpus; ++i) {
    Gpu gpu;
    gpu.index = i;
    gpu.model = model;
    machine.gpus.push_back(gpu);
  }
  machine.gpu_gpu.assign(static_cast<std::size_t>(gpus),
                         std::vector<std::string>(static_cast<std::size_t>(gpus), links));
  for (std::size_t i = 0; i < machine.gpu_gpu.size(); ++i) machine.gpu_gpu[i][i] = "X";
  for (int i = 0; i < nics; ++i) {
    Nic nic;
    nic.gigabits = gigabits;
    machine.nics.push_back(nic);
  }
  return machine;
}

constexpr long gib = 1L << 30;

TEST(ExpectedBandwidth, BusbwIsTheFieldsFormula) {
  EXPECT_DOUBLE_EQ(busbw_gbps(1'000'000'000, 1, 2), 1);
  EXPECT_DOUBLE_EQ(busbw_gbps(1'000'000'000, 0.5, 8), 2 * 1.75);
  EXPECT_DOUBLE_EQ(busbw_gbps(1'000'000'000, 1, 1), 0);
  EXPECT_DOUBLE_EQ(busbw_gbps(1'000'000'000, 0, 8), 0);
}

TEST(ExpectedBandwidth, ComesFromTheLinksAndTheSize) {
  const Machine h200 = made_machine(8, "NV18", 8, 400);
  const auto big = expect_busbw(h200, {8, 1, 16 * gib, false});
  ASSERT_TRUE(big);
  EXPECT_NEAR(big->busbw_gbps, 360, 2);
  EXPECT_EQ(big->source, "18 NVLinks of 25 GB/s a GPU, ring 0.8, at 17179869184 bytes");
  // Measured and published on 8 H200, with NVLS: 347 GB/s at 64 MiB, 220 at 16 MiB; a pass must not be
  // missed.
  EXPECT_LT(0.8 * expect_busbw(h200, {8, 1, 64L << 20, false})->busbw_gbps, 347);
  EXPECT_LT(0.8 * expect_busbw(h200, {8, 1, 16L << 20, false})->busbw_gbps, 220);
  const Machine a100 = made_machine(8, "NV12", 4, 100, "NVIDIA A100");
  // Two p4de: 64 GB/s at 128 MiB, 78 at 2 GiB.
  EXPECT_LT(0.8 * expect_busbw(a100, {16, 2, 128L << 20, false})->busbw_gbps, 64);
  EXPECT_LT(0.8 * expect_busbw(a100, {16, 2, 2 * gib, false})->busbw_gbps, 78);
  EXPECT_NEAR(expect_busbw(made_machine(8, "NV18", 0, 0, "NVIDIA B200"), {8, 1, 64 * gib, false})->busbw_gbps,
              720, 2);
}

TEST(ExpectedBandwidth, IsSilentWhereTheLinksSayNothing) {
  EXPECT_FALSE(expect_busbw(made_machine(8, "PIX", 8, 400), {8, 1, gib, false}));
  EXPECT_FALSE(expect_busbw(made_machine(8, "NV18", 0, 0), {16, 2, gib, false}));
  EXPECT_FALSE(expect_busbw(made_machine(8, "NV18", 8, 0), {16, 2, gib, false}));
  EXPECT_FALSE(expect_busbw(made_machine(1, "X", 1, 100), {1, 1, gib, false}));
  EXPECT_TRUE(expect_busbw(made_machine(1, "X", 1, 100), {4, 4, gib, false})) << "one GPU a host: NICs alone";
  EXPECT_FALSE(busbw_bound(made_machine(0, "", 0, 0), {8, 2, gib, false}));
}

TEST(ExpectedBandwidth, ASpeedThatCannotBeReachedIsRefusedWithTheArithmetic) {
  const Machine p4d = made_machine(8, "NV12", 4, 100, "NVIDIA A100");
  EXPECT_TRUE(check_min_busbw(93, p4d, {16, 2, gib, false}, "--min-busbw"));
  const auto refused = check_min_busbw(300, p4d, {16, 2, gib, false}, "option --min-busbw");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::usage);
  EXPECT_EQ(
      refused.error().problems.front(),
      (Problem{"option --min-busbw",
               "300 GB/s cannot be reached here: 4 NICs of 100 Gbit/s a host = 50.0 GB/s, times 2(n-1)/n "
               "= 1.875 for n = 16 ranks, over 1.000 for 2 hosts: 93.8 GB/s",
               "give less; busbw counts ranks, not hosts"}));
  // Inside a host a switch may add up by itself; 482 of 450 GB/s were measured.
  const Machine h200 = made_machine(8, "NV18", 8, 400);
  EXPECT_TRUE(check_min_busbw(482, h200, {8, 1, gib, false}, ""));
  EXPECT_FALSE(check_min_busbw(800, h200, {8, 1, gib, false}, ""));
  EXPECT_FALSE(check_min_busbw(800, h200, {16, 2, gib, false}, "")) << "two p5";
  // A switch that adds up saves the way back only among many hosts.
  EXPECT_FALSE(check_min_busbw(600, h200, {64, 8, gib, false}, ""));
  EXPECT_TRUE(check_min_busbw(600, h200, {64, 8, gib, true}, ""));
}

}  // namespace
}  // namespace smlaunch
