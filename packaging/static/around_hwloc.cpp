// SPDX-License-Identifier: Apache-2.0
// What Debian's libhwloc.a finds around it in a program that has neither libudev nor plugins (libraries.cmake). Without
// udev hwloc reads /run/udev/data by itself.
#include <dirent.h>

#include <cerrno>

extern "C" {

DIR* smlaunch_open_no_plugin_folder(const char*) {
  errno = ENOENT;
  return nullptr;
}

struct udev;
struct udev_device;

udev* udev_new() { return nullptr; }
udev* udev_unref(udev*) { return nullptr; }
udev_device* udev_device_new_from_subsystem_sysname(udev*, const char*, const char*) { return nullptr; }
udev_device* udev_device_unref(udev_device*) { return nullptr; }
const char* udev_device_get_property_value(udev_device*, const char*) { return nullptr; }
}
