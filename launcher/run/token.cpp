// SPDX-License-Identifier: Apache-2.0
#include "launcher/run/token.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>

#include <array>
#include <cstdlib>
#include <iterator>

namespace smlaunch {

namespace {

template <class Bytes>
std::string hex(const Bytes& bytes) {
  std::string out;
  for (const unsigned char byte : bytes) fmt::format_to(std::back_inserter(out), "{:02x}", byte);
  return out;
}

template <std::size_t N>
std::string random_hex() {
  std::array<unsigned char, N> bytes{};
  // Up to 256 bytes are never cut short or refused once the kernel's generator is seeded.
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) std::abort();
  return hex(bytes);
}

}  // namespace

std::string make_token() { return random_hex<32>(); }
std::string make_nonce() { return random_hex<16>(); }

std::string prove_token(std::string_view token, std::string_view speaker, std::string_view leader_nonce,
                        std::string_view agent_nonce) {
  const std::string text = fmt::format("{}|{}|{}", speaker, leader_nonce, agent_nonce);
  std::array<unsigned char, 32> mac{};
  unsigned length = 0;
  if (HMAC(EVP_sha256(), token.data(), static_cast<int>(token.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), &length) == nullptr)
    std::abort();
  return hex(mac);
}

bool equal_proofs(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace smlaunch
