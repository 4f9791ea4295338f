// SPDX-License-Identifier: Apache-2.0
#include "topology/hwloc_plugins.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "topology/probe_machine.hpp"

namespace smlaunch {
namespace {

constexpr const char* variable = "HWLOC_PLUGINS_BLACKLIST";

std::string opened_libraries() {
  std::ostringstream text;
  text << std::ifstream("/proc/self/maps").rdbuf();
  return text.str();
}

std::filesystem::path hwloc_folder() {
  const std::string text = opened_libraries();
  const std::size_t name = text.find("/libhwloc.so");
  if (name == std::string::npos) return {};
  const std::size_t begin = text.rfind(' ', name) + 1;
  return text.substr(begin, name - begin);
}

// In a process of its own: the plug-ins that another test has opened stay.
TEST(HwlocPluginsDeathTest, OfXServersAndOpenClAreNotOpenedAndNoVariableStays) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto load = [] {
    unsetenv(variable);
    load_hwloc_plugins({.saved_machines = true, .devices = true});
    bool sound = std::getenv(variable) == nullptr;
    for (const char* library : {"hwloc_gl", "hwloc_opencl", "libX11", "libOpenCL"})
      sound = sound && opened_libraries().find(library) == std::string::npos;
    std::_Exit(sound ? 0 : 1);
  };
  EXPECT_EXIT(load(), ::testing::ExitedWithCode(0), "");
}

// Where a plug-in is not installed, nothing of it can be seen.
TEST(HwlocPluginsDeathTest, OfDevicesAreOpenedWhereTheyAreNeeded) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto opened = [](bool devices) {
    unsetenv(variable);
    load_hwloc_plugins({.saved_machines = false, .devices = devices});
    const bool has_pci = opened_libraries().find("hwloc_pci") != std::string::npos;
    std::_Exit(has_pci ? 10 : 20);
  };
  EXPECT_EXIT(opened(false), ::testing::ExitedWithCode(20), "");
  if (!std::filesystem::exists(hwloc_folder() / "hwloc/hwloc_pci.so"))
    GTEST_SKIP() << "hwloc has no plug-in for PCI here";
  EXPECT_EXIT(opened(true), ::testing::ExitedWithCode(10), "");
}

TEST(HwlocPluginsDeathTest, ThatAreToBeOpenedLaterAreChosenOnceAndAtTheFirstTopology) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto probe_twice = [] {
    unsetenv(variable);
    int choices = 0;
    load_hwloc_plugins_later([&] {
      ++choices;
      return HwlocNeeds{};
    });
    const int before = choices;
    const bool probed = probe_machine({.with_devices = false}) && probe_machine({.with_devices = false});
    const bool is_clean =
        std::getenv(variable) == nullptr && opened_libraries().find("hwloc_opencl") == std::string::npos;
    std::_Exit(probed && is_clean ? 10 * before + choices : 99);
  };
  EXPECT_EXIT(probe_twice(), ::testing::ExitedWithCode(1), "");
}

TEST(HwlocPlugins, AreThoseThatTheUserWants) {
  setenv(variable, "hwloc_pci.so", 1);
  load_hwloc_plugins({});
  EXPECT_STREQ(std::getenv(variable), "hwloc_pci.so");
  unsetenv(variable);
}

}  // namespace
}  // namespace smlaunch
