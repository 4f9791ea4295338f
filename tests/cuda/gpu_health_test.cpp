// SPDX-License-Identifier: Apache-2.0
#include "cuda/gpu_health.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace smlaunch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class GpuHealthTest : public ::testing::Test {
 protected:
  ~GpuHealthTest() override {
    for (const char* name : {"FAKE_NVML_XID", "FAKE_NVML_ECC", "FAKE_NVML_THROTTLE", "FAKE_NVML_LOST"})
      unsetenv(name);
  }
};

TEST_F(GpuHealthTest, WithoutADriverThereIsNoSession) {
  EXPECT_FALSE(GpuHealthSession::open("libthere-is-no-such.so.1"));
  EXPECT_FALSE(GpuHealthSession::open("libc.so.6"));
  setenv("FAKE_NVML_INIT", "9", 1);
  EXPECT_FALSE(GpuHealthSession::open(FAKE_NVML));
  unsetenv("FAKE_NVML_INIT");
}

TEST_F(GpuHealthTest, EveryGpuIsThereAlsoOneThatIsLostFromTheBeginning) {
  auto session = GpuHealthSession::open(FAKE_NVML);
  ASSERT_TRUE(session);
  const auto gpus = session->read(false);
  ASSERT_EQ(gpus.size(), 3U);
  EXPECT_EQ(gpus[0], (GpuHealth{.index = 0, .pci = "0000:3b:00.0"}));
  EXPECT_EQ(gpus[1], (GpuHealth{.index = 1, .pci = "0000:86:00.0"}));
  EXPECT_EQ(gpus[2], (GpuHealth{.index = 2, .is_lost = true}));
}

TEST_F(GpuHealthTest, AnXidComesOnceAndToItsGpu) {
  auto session = GpuHealthSession::open(FAKE_NVML);
  ASSERT_TRUE(session);
  setenv("FAKE_NVML_XID", "1 79", 1);
  auto gpus = session->read(false);
  EXPECT_THAT(gpus[0].xids, IsEmpty());
  EXPECT_THAT(gpus[1].xids, ElementsAre(79));
  gpus = session->read(false);
  EXPECT_THAT(gpus[1].xids, IsEmpty());
}

TEST_F(GpuHealthTest, CountersAreReadWhereTheyAreAskedForAndWhereTheGpuHasThem) {
  auto session = GpuHealthSession::open(FAKE_NVML);
  ASSERT_TRUE(session);
  EXPECT_EQ(session->read(true)[0].uncorrected_errors, std::nullopt);
  setenv("FAKE_NVML_ECC", "4", 1);
  setenv("FAKE_NVML_THROTTLE", "0x40", 1);
  EXPECT_EQ(session->read(false)[0].uncorrected_errors, std::nullopt);
  const auto gpus = session->read(true);
  EXPECT_EQ(gpus[0].uncorrected_errors, 4U);
  EXPECT_EQ(gpus[0].throttle_reasons, hardware_thermal_slowdown);
  EXPECT_EQ(gpus[2].throttle_reasons, std::nullopt);
}

TEST_F(GpuHealthTest, AGpuThatIsLostMeanwhileIsSeen) {
  auto session = GpuHealthSession::open(FAKE_NVML);
  ASSERT_TRUE(session);
  EXPECT_FALSE(session->read(true)[1].is_lost);
  setenv("FAKE_NVML_LOST", "1", 1);
  const auto gpus = session->read(true);
  EXPECT_FALSE(gpus[0].is_lost);
  EXPECT_TRUE(gpus[1].is_lost);
}

}  // namespace
}  // namespace smlaunch
