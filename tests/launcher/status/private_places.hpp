// SPDX-License-Identifier: Apache-2.0
// Folders of a test's own in the place of /tmp.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "launcher/channel/private_folders.hpp"

namespace smlaunch {

struct OwnPlaces {
  OwnPlaces() {
    std::string name = (std::filesystem::temp_directory_path() / "status-XXXXXX").string();
    places.temporary = mkdtemp(name.data());
  }
  ~OwnPlaces() { std::filesystem::remove_all(places.temporary); }
  OwnPlaces(const OwnPlaces&) = delete;
  OwnPlaces& operator=(const OwnPlaces&) = delete;
  PrivatePlaces places;
};

}  // namespace smlaunch
