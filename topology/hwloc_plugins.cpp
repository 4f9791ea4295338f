// SPDX-License-Identifier: Apache-2.0
#include "topology/hwloc_plugins.hpp"

#include <hwloc.h>

#include <cstdlib>

namespace smlaunch {

void load_hwloc_plugins(bool reads_files) {
  constexpr const char* variable = "HWLOC_PLUGINS_BLACKLIST";
  if (std::getenv(variable) != nullptr) return;
  setenv(variable,
         reads_files ? "hwloc_gl.so,hwloc_opencl.so" : "hwloc_gl.so,hwloc_opencl.so,hwloc_xml_libxml.so", 1);
  // The plug-ins stay open as long as there is a topology; this one is never destroyed.
  static hwloc_topology_t kept = nullptr;
  hwloc_topology_init(&kept);
  unsetenv(variable);
}

}  // namespace smlaunch
