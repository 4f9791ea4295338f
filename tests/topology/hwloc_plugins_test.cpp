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

TEST(HwlocPlugins, OfXServersAndOpenClAreNotOpenedAndNoVariableStays) {
  unsetenv(variable);
  load_hwloc_plugins(true);
  EXPECT_EQ(std::getenv(variable), nullptr);
  for (const char* library : {"hwloc_gl", "hwloc_opencl", "libX11", "libOpenCL"})
    EXPECT_EQ(opened_libraries().find(library), std::string::npos) << library;
}

TEST(HwlocPlugins, AreThoseThatTheUserWants) {
  setenv(variable, "hwloc_pci.so", 1);
  load_hwloc_plugins(false);
  EXPECT_STREQ(std::getenv(variable), "hwloc_pci.so");
  unsetenv(variable);
}

}  // namespace
}  // namespace smlaunch
