// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/token.hpp"

#include <sys/random.h>

#include <array>
#include <cstdlib>

#include "base/digest.hpp"
#include "base/hex.hpp"

namespace smlaunch {

namespace {

template <std::size_t N>
std::string random_hex() {
  std::array<unsigned char, N> bytes{};
  // Up to 256 bytes are never cut short or refused once the kernel's generator is seeded.
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) std::abort();
  return to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace

std::string make_token() { return random_hex<32>(); }
std::string make_nonce() { return random_hex<16>(); }

const std::string& own_instance() {
  static const std::string instance = make_nonce();
  return instance;
}

ChannelKey make_channel_key(std::string_view token) {
  return {.identity = to_hex(hmac_sha256(token, "smlaunch channel: identity")),
          .secret = hmac_sha256(token, "smlaunch channel: key")};
}

}  // namespace smlaunch
