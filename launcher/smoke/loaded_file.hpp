// SPDX-License-Identifier: Apache-2.0
// Which file a library came from.
#pragma once

#include <string>

namespace smlaunch {

struct LoadedFile {
  std::string path;      // symbolic links followed; empty: not found
  std::string build_id;  // GNU build id in hexadecimal; empty: the file has none
};

// The file of the library that holds the address `symbol`.
LoadedFile find_loaded_file(const void* symbol);

}  // namespace smlaunch
