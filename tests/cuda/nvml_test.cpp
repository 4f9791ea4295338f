// SPDX-License-Identifier: Apache-2.0
#include "cuda/nvml.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "cuda/nvml_fabric.hpp"

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

std::vector<std::optional<NvlinkDomain>> domains_told(const char* fabric, bool is_old) {
  setenv("FAKE_NVML_FABRIC", fabric, 1);
  if (is_old) setenv("FAKE_NVML_OLD_FABRIC", "1", 1);
  const NvmlAnswer answer = read_nvml(FAKE_NVML, true);
  unsetenv("FAKE_NVML_FABRIC");
  unsetenv("FAKE_NVML_OLD_FABRIC");
  std::vector<std::optional<NvlinkDomain>> told;
  for (const NvmlGpu& gpu : answer.gpus) told.push_back(gpu.domain);
  return told;
}

TEST(Nvml, AGpuThatIsRegisteredInAFabricTellsItsDomainByEitherFunction) {
  const std::string cluster = "07070707070707070707070707070707";
  for (const bool is_old : {false, true})
    EXPECT_EQ(domains_told("7 1 3", is_old),
              (std::vector<std::optional<NvlinkDomain>>{NvlinkDomain{.cluster = cluster, .clique = 1},
                                                        NvlinkDomain{.cluster = cluster, .clique = 2}}))
        << is_old;
}

TEST(Nvml, AGpuWhoseRegistrationIsNotOverOrThatIsInNoFabricTellsNone) {
  const std::vector<std::optional<NvlinkDomain>> none(2);
  for (const char* fabric : {"7 1 0", "7 1 1", "7 1 2", "0 1 3", "nonsense"})
    for (const bool is_old : {false, true}) EXPECT_EQ(domains_told(fabric, is_old), none) << fabric;
}

TEST(Nvml, AFabricThatReportsAnErrorIsNone) {
  FabricInfo info{.cluster = {1}, .status = 0, .clique = 4, .state = 3};
  EXPECT_EQ(domain_of_fabric(info),
            (NvlinkDomain{.cluster = "01000000000000000000000000000000", .clique = 4}));
  info.status = 10;
  EXPECT_EQ(domain_of_fabric(info), std::nullopt);
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
