// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

namespace smlaunch {

// Why libarchive cannot be opened on this machine; nothing: it can.
std::optional<std::string> archive_error();

}  // namespace smlaunch
