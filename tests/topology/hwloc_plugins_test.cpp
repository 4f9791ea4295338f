// SPDX-License-Identifier: Apache-2.0
#include "topology/hwloc_plugins.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace smlaunch {
namespace {

constexpr const char* variable = "HWLOC_PLUGINS_BLACKLIST";

std::string opened_libraries() {
  std::ostringstream text;
  text << std::ifstream("/proc/self/maps").rdbuf();
  return text.str();
}

// In a process of its own: the plug-ins that another test has opened stay.
TEST(HwlocPluginsDeathTest, OfXServersAndOpenClAreNotOpenedAndNoVariableStays) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto load = [] {
    unsetenv(variable);
    load_hwloc_plugins(true);
    bool sound = std::getenv(variable) == nullptr;
    for (const char* library : {"hwloc_gl", "hwloc_opencl", "libX11", "libOpenCL"})
      sound = sound && opened_libraries().find(library) == std::string::npos;
    std::_Exit(sound ? 0 : 1);
  };
  EXPECT_EXIT(load(), ::testing::ExitedWithCode(0), "");
}

TEST(HwlocPlugins, AreThoseThatTheUserWants) {
  setenv(variable, "hwloc_pci.so", 1);
  load_hwloc_plugins(false);
  EXPECT_STREQ(std::getenv(variable), "hwloc_pci.so");
  unsetenv(variable);
}

}  // namespace
}  // namespace smlaunch
