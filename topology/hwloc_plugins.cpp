// SPDX-License-Identifier: Apache-2.0
#include "topology/hwloc_plugins.hpp"

#include <hwloc.h>

#include <cstdlib>
#include <string>
#include <utility>

namespace smlaunch {

namespace {

std::function<HwlocNeeds()>& awaited_needs() {
  static std::function<HwlocNeeds()> needs;
  return needs;
}

}  // namespace

void load_hwloc_plugins_later(std::function<HwlocNeeds()> needs) { awaited_needs() = std::move(needs); }

void load_awaited_hwloc_plugins() {
  if (const auto needs = std::exchange(awaited_needs(), nullptr)) load_hwloc_plugins(needs());
}

void load_hwloc_plugins(const HwlocNeeds& needs) {
  constexpr const char* variable = "HWLOC_PLUGINS_BLACKLIST";
  if (std::getenv(variable) != nullptr) return;
  std::string unwanted = "hwloc_gl.so,hwloc_opencl.so";
  if (!needs.saved_machines) unwanted += ",hwloc_xml_libxml.so";
  if (!needs.devices) unwanted += ",hwloc_pci.so";
  setenv(variable, unwanted.c_str(), 1);
  // The plug-ins stay open as long as there is a topology; this one is never destroyed.
  static hwloc_topology_t kept = nullptr;
  hwloc_topology_init(&kept);
  unsetenv(variable);
}

}  // namespace smlaunch
