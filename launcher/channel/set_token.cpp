// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/set_token.hpp"

#include "base/digest.hpp"
#include "base/hex.hpp"

namespace smlaunch {

std::string make_set_token(std::string_view token, std::string_view set) {
  return to_hex(hmac_sha256(token, "smlaunch set: " + std::string(set)));
}

}  // namespace smlaunch
