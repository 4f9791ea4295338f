// SPDX-License-Identifier: Apache-2.0
#include "base/digest.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cassert>
#include <cstdlib>

#include "base/hex.hpp"

namespace smlaunch {

namespace {

// OpenSSL fails here only when it is broken or forbids the algorithm. No result could be trusted then.
void require(bool fine) {
  if (!fine) std::abort();
}

}  // namespace

std::string sha256_hex(std::string_view data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned int size = 0;
  require(EVP_Digest(data.data(), data.size(), sum.data(), &size, EVP_sha256(), nullptr) == 1);
  return to_hex({reinterpret_cast<const char*>(sum.data()), size});
}

std::string hmac_sha256(std::string_view key, std::string_view data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned int size = 0;
  require(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
               reinterpret_cast<const unsigned char*>(data.data()), data.size(), sum.data(),
               &size) != nullptr);
  return {reinterpret_cast<const char*>(sum.data()), size};
}

std::string base64(std::string_view raw) {
  std::string text(4 * ((raw.size() + 2) / 3) + 1, '\0');  // EVP ends it with a NUL
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(raw.data()), static_cast<int>(raw.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

struct Md5::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
};

Md5::Md5() : state_(std::make_unique<State>()) {
  require(state_->context != nullptr && EVP_DigestInit_ex(state_->context, EVP_md5(), nullptr) == 1);
}

Md5::~Md5() { EVP_MD_CTX_free(state_->context); }

void Md5::add(std::string_view data) {
  require(EVP_DigestUpdate(state_->context, data.data(), data.size()) == 1);
}

std::string Md5::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned int size = 0;
  require(EVP_DigestFinal_ex(state_->context, sum.data(), &size) == 1);
  return {reinterpret_cast<const char*>(sum.data()), size};
}

}  // namespace smlaunch
