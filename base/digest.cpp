// SPDX-License-Identifier: Apache-2.0
#include "base/digest.hpp"

#include <openssl/crypto.h>
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

// By default OpenSSL takes itself apart when the process ends, which no other process is better off for.
void begin_openssl() {
  static const bool begun = OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr) == 1;
  require(begun);
}

}  // namespace

std::string sha256_hex(std::string_view data) {
  begin_openssl();
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned int size = 0;
  require(EVP_Digest(data.data(), data.size(), sum.data(), &size, EVP_sha256(), nullptr) == 1);
  return to_hex({reinterpret_cast<const char*>(sum.data()), size});
}

std::string hmac_sha256(std::string_view key, std::string_view data) {
  begin_openssl();
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

struct RunningDigest::State {
  explicit State(const EVP_MD* algorithm) : context((begin_openssl(), EVP_MD_CTX_new())) {
    require(context != nullptr && EVP_DigestInit_ex(context, algorithm, nullptr) == 1);
  }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  EVP_MD_CTX* context;
};

RunningDigest::RunningDigest(std::unique_ptr<State> state) : state_(std::move(state)) {}
RunningDigest::~RunningDigest() = default;

Md5::Md5() : RunningDigest(std::make_unique<State>(EVP_md5())) {}
Sha256::Sha256() : RunningDigest(std::make_unique<State>(EVP_sha256())) {}

void RunningDigest::add(std::string_view data) {
  require(EVP_DigestUpdate(state_->context, data.data(), data.size()) == 1);
}

std::string RunningDigest::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned int size = 0;
  require(EVP_DigestFinal_ex(state_->context, sum.data(), &size) == 1);
  return {reinterpret_cast<const char*>(sum.data()), size};
}

}  // namespace smlaunch
