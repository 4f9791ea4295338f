// SPDX-License-Identifier: Apache-2.0
#include "topology/efa.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace smlaunch {
namespace {

TEST(EfaDevices, AreThoseOfAmazonsVendorId) {
  const auto sys = std::filesystem::temp_directory_path() / ("smlaunch-efa-" + std::to_string(getpid()));
  for (const auto& [name, vendor] :
       {std::pair("rdmap1", "0x1d0f\n"), {"mlx5_0", "0x15b3\n"}, {"rdmap0", "0x1d0f\n"}}) {
    std::filesystem::create_directories(sys / "class/infiniband" / name / "device");
    std::ofstream(sys / "class/infiniband" / name / "device/vendor") << vendor;
  }
  EXPECT_EQ(probe_efa_devices(sys), (std::vector<std::string>{"rdmap0", "rdmap1"}));
  std::filesystem::remove_all(sys);
  EXPECT_EQ(probe_efa_devices(sys), std::vector<std::string>());
}

constexpr const char* none_here =
    "but this host shows none in /sys/class/infiniband: libfabric will not find the provider efa, and NCCL "
    "may "
    "fail or use TCP";

TEST(EfaDifference, IsSaidOnlyWhereThereIsOne) {
  EXPECT_EQ(describe_efa_difference("ml.p5.48xlarge", true, {"rdmap0"}, ""), "");
  EXPECT_EQ(describe_efa_difference("ml.c5.xlarge", false, {}, ""), "");
  EXPECT_EQ(describe_efa_difference("ml.p5.48xlarge", true, {}, ""),
            std::string("ml.p5.48xlarge should have an EFA adapter, ") + none_here);
  EXPECT_EQ(
      describe_efa_difference("ml.p5e.48xlarge", false, {"rdmap0", "rdmap1"}, ""),
      "this host has 2 EFA adapters (rdmap0, ...), but instance type ml.p5e.48xlarge is not in the table: "
      "FI_PROVIDER and NCCL_PROTO are not set; set FI_PROVIDER=efa if NCCL is to use them");
}

TEST(EfaDifference, CountsTheProviderThatTheJobNamesInsteadOfTheTable) {
  for (const char* other : {"tcp", "tcp,verbs", "^efa", "efa-direct"}) {
    EXPECT_EQ(describe_efa_difference("ml.p5.48xlarge", true, {}, other), "") << other;
    EXPECT_EQ(describe_efa_difference("ml.p5e.48xlarge", false, {"rdmap0"}, other), "") << other;
  }
  EXPECT_EQ(describe_efa_difference("ml.p5e.48xlarge", false, {"rdmap0"}, "efa"), "");
  for (const char* efa : {"efa", "tcp,efa"})
    EXPECT_EQ(describe_efa_difference("ml.c5.xlarge", false, {}, efa),
              std::string("FI_PROVIDER=") + efa + " asks for an EFA adapter, " + none_here);
}

}  // namespace
}  // namespace smlaunch
