// SPDX-License-Identifier: Apache-2.0
// Imitations of /sys and /proc in a folder.
#include "launcher/devices/read_host.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace smlaunch {
namespace {

namespace fs = std::filesystem;

class HostFiles : public ::testing::Test {
 protected:
  HostFiles() : root_(fs::temp_directory_path() / ("smlaunch-devices-" + std::to_string(getpid()))) {}
  ~HostFiles() override { fs::remove_all(root_); }
  void write(const std::string& file, const std::string& text) const {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
  }
  fs::path root_;
};

TEST_F(HostFiles, OfAnInterfaceTheCarrierIsReadAndLoopbackHasNone) {
  write("class/net/eth0/carrier", "1\n");
  write("class/net/eth0/carrier_changes", "5\n");
  write("class/net/lo/carrier", "1\n");
  fs::create_directories(root_ / "class/net/eth1");  // switched off: its carrier cannot be read
  const auto links = read_links(root_, {"lo", "eth0", "eth1", "eth9"});
  ASSERT_EQ(links.size(), 2U);
  EXPECT_EQ(links[0].name, "eth0");
  EXPECT_TRUE(links[0].is_up);
  EXPECT_EQ(links[0].losses, 5U);
  EXPECT_EQ(links[1].name, "eth1");
  EXPECT_FALSE(links[1].is_up);
}

TEST_F(HostFiles, OfAnInfiniBandAdapterEveryPortIsReadWithItsErrors) {
  write("class/infiniband/mlx5_0/ports/1/state", "4: ACTIVE\n");
  write("class/infiniband/mlx5_0/ports/1/counters/link_downed", "3\n");
  write("class/infiniband/mlx5_0/ports/1/counters/link_error_recovery", "2\n");
  write("class/infiniband/mlx5_0/ports/1/counters/symbol_error", "40\n");
  write("class/infiniband/mlx5_0/ports/1/counters/port_rcv_errors", "2\n");
  write("class/infiniband/mlx5_1/ports/1/state", "1: DOWN\n");
  const auto links = read_links(root_, {});
  ASSERT_EQ(links.size(), 2U);
  EXPECT_EQ(links[0].name, "mlx5_0:1");
  EXPECT_TRUE(links[0].is_up);
  EXPECT_EQ(links[0].losses, 3U);
  EXPECT_EQ(links[0].recoveries, 2U);
  EXPECT_EQ(links[0].errors, 42U);
  EXPECT_EQ(links[1].name, "mlx5_1:1");
  EXPECT_FALSE(links[1].is_up);
}

TEST_F(HostFiles, AHostWithoutThemHasNone) {
  EXPECT_TRUE(read_links(root_, {"eth0"}).empty());
  EXPECT_EQ(read_host_oom_kills(root_), std::nullopt);
}

TEST_F(HostFiles, TheKernelsKillsStandInVmstat) {
  write("vmstat", "pgfault 12\noom_kill 19\nnuma_hit 3\n");
  EXPECT_EQ(read_host_oom_kills(root_), 19);
}

TEST_F(HostFiles, EachFileSystemIsReadOnceAndAFolderThatIsNotThereIsNone) {
  fs::create_directories(root_ / "a");
  const auto disks = read_disks({(root_ / "missing").string(), root_.string(), (root_ / "a").string()});
  ASSERT_EQ(disks.size(), 1U);
  EXPECT_EQ(disks[0].folder, root_.string());
  EXPECT_GT(disks[0].bytes, 0U);
  EXPECT_LE(disks[0].free_bytes, disks[0].bytes);
}

TEST(HostClock, ItsOffsetIsThatOfTheCalendar) {
  // Before 2020 no clock of a host that builds this is right.
  if (const auto offset = read_clock_offset()) {
    EXPECT_GT(*offset, 1'577'000'000'000'000'000 - 40LL * 365 * 86400 * 1'000'000'000);
  }
}

}  // namespace
}  // namespace smlaunch
