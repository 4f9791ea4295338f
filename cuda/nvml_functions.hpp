// SPDX-License-Identifier: Apache-2.0
// What the files that call NVML share of its interface. Its functions are declared by hand: its header is not
// part of every toolkit, and its ABI is stable.
#pragma once

#include <dlfcn.h>

namespace smlaunch {

using nvmlReturn_t = int;
using nvmlDevice_t = struct nvmlDevice_st*;
inline constexpr nvmlReturn_t nvml_success = 0;

struct nvmlPciInfo_t {
  char bus_id_legacy[16];
  unsigned domain;
  unsigned bus;
  unsigned device;
  unsigned pci_device_id;
  unsigned pci_subsystem_id;
  char bus_id[32];
};

// False: the library has no such function, and `function` is null.
template <class Function>
bool find_function(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(dlsym(library, name));
  return function != nullptr;
}

}  // namespace smlaunch
