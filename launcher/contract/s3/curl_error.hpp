// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace smlaunch {

// Why libcurl cannot be opened on this machine; empty: it can.
std::string curl_error();

}  // namespace smlaunch
