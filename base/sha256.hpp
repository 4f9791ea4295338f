// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace smlaunch {

// The same 32 bytes as libcrypto's, for texts so short that opening libcrypto would take longer: by FIPS 180-4, and by
// nothing that makes it fast.
std::string sha256_of_short(std::string_view text);

}  // namespace smlaunch
