// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace smlaunch {

// Why libarchive cannot be opened on this machine; empty: it can.
std::string archive_error();

}  // namespace smlaunch
