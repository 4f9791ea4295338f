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

TEST(EfaDifference, IsSaidOnlyWhereThereIsOne) {
  EXPECT_EQ(describe_efa_difference("ml.p5.48xlarge", true, {"rdmap0"}), "");
  EXPECT_EQ(describe_efa_difference("ml.c5.xlarge", false, {}), "");
  EXPECT_NE(
      describe_efa_difference("ml.p5.48xlarge", true, {}).find("ml.p5.48xlarge should have an EFA adapter"),
      std::string::npos);
  EXPECT_NE(describe_efa_difference("ml.p5e.48xlarge", false, {"rdmap0", "rdmap1"})
                .find("has 2 EFA adapters (rdmap0, ...)"),
            std::string::npos);
}

}  // namespace
}  // namespace smlaunch
