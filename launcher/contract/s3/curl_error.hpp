// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

namespace smlaunch {

// Why libcurl cannot be opened on this machine; nothing: it can.
std::optional<std::string> curl_error();

}  // namespace smlaunch
