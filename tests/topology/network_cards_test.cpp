// SPDX-License-Identifier: Apache-2.0
#include "topology/network_cards.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <string>

namespace smlaunch {
namespace {

namespace fs = std::filesystem;

// A made-up /sys.
class MadeSys {
 public:
  MadeSys() { EXPECT_NE(mkdtemp(folder_.data()), nullptr); }
  ~MadeSys() { fs::remove_all(folder_); }
  [[nodiscard]] fs::path path() const { return folder_; }
  void write(const fs::path& file, const std::string& text) const {
    fs::create_directories((path() / file).parent_path());
    std::ofstream(path() / file) << text;
  }
  // `device`: below /sys/devices; empty: it is a virtual one.
  void add_interface(const std::string& name, const std::string& device, const std::string& state,
                     const std::string& speed) const {
    const fs::path folder = fs::path("class/net") / name;
    write(folder / "operstate", state);
    if (!speed.empty()) write(folder / "speed", speed);
    if (device.empty()) return;
    fs::create_directories(path() / "devices" / device);
    fs::create_directory_symlink(path() / "devices" / device, path() / folder / "device");
  }

 private:
  std::string folder_ = "/tmp/smlaunch-network-cards.XXXXXX";
};

TEST(NetworkCards, AreThoseOnThePciBus) {
  const MadeSys sys;
  sys.add_interface("lo", "", "unknown\n", "");
  sys.add_interface("eth1", "pci0000:00/0000:00:05.0", "down\n", "-1\n");
  sys.add_interface("eth0", "pci0000:00/0000:00:01.0/0000:03:00.0/virtio2", "up\n", "100000\n");
  sys.write("devices/pci0000:00/0000:00:01.0/0000:03:00.0/numa_node", "1\n");
  sys.write("devices/pci0000:00/0000:00:05.0/numa_node", "-1\n");
  Machine machine;
  machine.has_devices = false;
  add_network_cards(machine, sys.path());
  const std::vector<Nic> expected = {
      {.name = "eth1", .pci = "0000:00:05.0", .numa = {}, .link_up = false, .gigabits = 0},
      {.name = "eth0", .pci = "0000:03:00.0", .numa = 1, .link_up = true, .gigabits = 100}};
  EXPECT_EQ(machine.nics, expected);
  EXPECT_TRUE(machine.has_devices);
  ASSERT_EQ(machine.findings.size(), 1U);
  EXPECT_EQ(machine.findings[0].kind, FindingKind::link_down);
  EXPECT_EQ(machine.findings[0].subject, "eth1");
}

TEST(NetworkCards, OfSeveralPortsAreOneEach) {
  const MadeSys sys;
  sys.add_interface("ens1p1", "pci0000:00/0000:00:05.0", "up\n", "25000\n");
  sys.add_interface("ens1p2", "pci0000:00/0000:00:05.0", "down\n", "");
  Machine machine;
  add_network_cards(machine, sys.path());
  ASSERT_EQ(machine.nics.size(), 1U);
  EXPECT_EQ(machine.nics[0].name, "ens1p1");
  EXPECT_TRUE(machine.findings.empty());
}

TEST(NetworkCards, AreNearTheOnlyNode) {
  const MadeSys sys;
  sys.add_interface("eth0", "pci0000:00/0000:00:05.0", "up\n", "25000\n");
  Machine machine;
  machine.numa_nodes.push_back({.os_index = 3, .cpus = {}});
  add_network_cards(machine, sys.path());
  ASSERT_EQ(machine.nics.size(), 1U);
  EXPECT_EQ(machine.nics[0].numa, 3);
}

TEST(NetworkCards, AreNoneWithoutSys) {
  Machine machine;
  add_network_cards(machine, "/nowhere");
  EXPECT_TRUE(machine.nics.empty());
  EXPECT_TRUE(machine.has_devices);
}

TEST(Fabric, IsThereWithItsDriver) {
  const MadeSys sys;
  EXPECT_FALSE(has_fabric(sys.path()));
  fs::create_directories(sys.path() / "class/infiniband");
  EXPECT_FALSE(has_fabric(sys.path()));
  fs::create_directories(sys.path() / "class/infiniband/mlx5_0");
  EXPECT_TRUE(has_fabric(sys.path()));
}

}  // namespace
}  // namespace smlaunch
