// SPDX-License-Identifier: Apache-2.0
// hwloc opens every plug-in that is installed when a process makes its first topology. Those for OpenCL and X servers
// bring fifteen libraries with them, and are asked for nothing here; libxml2 is needed for saved machines alone, and PCI
// devices where their places matter.
#pragma once

#include <functional>

namespace smlaunch {

struct HwlocNeeds {
  bool saved_machines = false;
  bool devices = false;
};

// Opens the plug-ins that are needed, and no others, for the whole life of the process. Before any thread is started,
// since it changes the environment for a moment. HWLOC_PLUGINS_BLACKLIST of the user counts instead.
void load_hwloc_plugins(const HwlocNeeds& needs);

// The same when the first topology is made, in a process that may never make one. That is before any thread is started, too.
void load_hwloc_plugins_later(std::function<HwlocNeeds()> needs);
// What is to be loaded later is loaded now.
void load_awaited_hwloc_plugins();

}  // namespace smlaunch
