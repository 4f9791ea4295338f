// SPDX-License-Identifier: Apache-2.0
#include "cuda/nvml.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace smlaunch {
namespace {

TEST(Nvml, APciIdIsWrittenAsTheKernelWritesIt) {
  EXPECT_EQ(parse_pci_id("00000000:3B:00.0"), "0000:3b:00.0");
  EXPECT_EQ(parse_pci_id("0000:3b:1f.7"), "0000:3b:1f.7");
  EXPECT_EQ(parse_pci_id("00010000:3B:00.0"), "10000:3b:00.0");
}

TEST(Nvml, ATextThatIsNoPciIdIsRefused) {
  for (const char* text : {"", "3b:00.0", "0000:3b:00", "0000:3b:00.0x", "0000:3b:20.0", "0000:3b:00.8",
                           "0000:3bb:00.0", "0000:zz:00.0", ":3b:00.0"}) {
    EXPECT_EQ(parse_pci_id(text), std::nullopt) << text;
  }
}

TEST(Nvml, WithoutTheLibraryThereIsNoDriverOrNoLibrary) {
  EXPECT_EQ(read_nvml("libthere-is-no-such.so.1", false), (NvmlAnswer{DriverState::no_driver, {}, {}, {}}));
  EXPECT_EQ(read_nvml("libthere-is-no-such.so.1", true), (NvmlAnswer{DriverState::no_library, {}, {}, {}}));
}

TEST(Nvml, AnotherLibraryIsNotTakenForNvml) {
  EXPECT_EQ(read_nvml("libc.so.6", true),
            (NvmlAnswer{DriverState::failed, "libc.so.6 lacks functions of NVML", {}, {}}));
}

TEST(Nvml, EveryGpuIsReadWithItsLinksAndALostOneIsNamed) {
  const NvmlAnswer answer = read_nvml(FAKE_NVML, true);
  EXPECT_EQ(answer.state, DriverState::answered);
  EXPECT_EQ(answer.unreachable, std::vector<std::string>{"GPU 2: GPU is lost"});
  ASSERT_EQ(answer.gpus.size(), 2U);
  EXPECT_EQ(answer.gpus[0], (NvmlGpu{0,
                                     "NVIDIA Test GPU",
                                     "GPU-00000000",
                                     "0000:3b:00.0",
                                     std::uint64_t{1} << 36U,
                                     false,
                                     {"0000:86:00.0", "0000:86:00.0", "0000:c1:00.0"}}));
  EXPECT_EQ(answer.gpus[1], (NvmlGpu{1,
                                     "NVIDIA Test GPU",
                                     "GPU-00000001",
                                     "0000:86:00.0",
                                     std::uint64_t{1} << 36U,
                                     true,
                                     {"0000:3b:00.0", "0000:3b:00.0", "0000:c1:00.0"},
                                     {"MIG-00000002", "MIG-00000003"}}));
}

TEST(Nvml, ALinkToACpuIsNoLinkToASwitch) {
  setenv("FAKE_NVML_CPU_LINK", "1", 1);
  const NvmlAnswer answer = read_nvml(FAKE_NVML, true);
  unsetenv("FAKE_NVML_CPU_LINK");
  ASSERT_EQ(answer.gpus.size(), 2U);
  EXPECT_EQ(answer.gpus[0].nvlink_peers, (std::vector<std::string>{"0000:86:00.0", "0000:86:00.0"}));
}

TEST(Nvml, ADriverThatDoesNotStartSaysWhy) {
  setenv("FAKE_NVML_INIT", "18", 1);
  EXPECT_EQ(read_nvml(FAKE_NVML, true),
            (NvmlAnswer{DriverState::failed, "Driver/library version mismatch", {}, {}}));
  setenv("FAKE_NVML_INIT", "9", 1);
  EXPECT_EQ(read_nvml(FAKE_NVML, true), (NvmlAnswer{DriverState::no_driver, {}, {}, {}}));
  unsetenv("FAKE_NVML_INIT");
}

}  // namespace
}  // namespace smlaunch
