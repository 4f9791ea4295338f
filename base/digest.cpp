// SPDX-License-Identifier: Apache-2.0
#include "base/digest.hpp"

#include <array>
#include <cassert>
#include <cstdlib>

#include "base/crypto_library.hpp"
#include "base/hex.hpp"
#include "base/sha256.hpp"

namespace smlaunch {

namespace {

// Of longer texts libcrypto takes the sum sooner, though it must be opened first.
constexpr std::size_t longest_short = 64U << 10U;
constexpr std::size_t hmac_block = 64;

// OpenSSL fails here only when it is broken or forbids the algorithm. No result could be trusted then.
void require(bool fine) {
  if (!fine) std::abort();
}

const CryptoLibrary& crypto() {
  static const CryptoLibrary opened = [] {
    CryptoLibrary library;
#define SMLAUNCH_FIND(name) library.name = SMLAUNCH_OPENSSL_FUNCTION(OpensslPart::crypto, name);
    SMLAUNCH_CRYPTO_FUNCTIONS(SMLAUNCH_FIND)
#undef SMLAUNCH_FIND
    // By default OpenSSL takes itself apart when the process ends, which no other process is better off for.
    require(library.OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr) == 1);
    return library;
  }();
  return opened;
}

std::string sha256(std::string_view data) {
  if (data.size() <= longest_short) return sha256_of_short(data);
  Sha256 sum;
  sum.add(data);
  return sum.finish();
}

}  // namespace

void open_digests() { (void)crypto(); }

std::string sha256_hex(std::string_view data) { return to_hex(sha256(data)); }

// RFC 2104.
std::string hmac_sha256(std::string_view key, std::string_view data) {
  std::string padded = key.size() > hmac_block ? sha256(key) : std::string(key);
  padded.resize(hmac_block, '\0');
  std::string inner;
  std::string outer;
  for (const char c : padded) {
    inner += static_cast<char>(c ^ 0x36);
    outer += static_cast<char>(c ^ 0x5c);
  }
  inner += data;
  return sha256(outer + sha256(inner));
}

std::string base64(std::string_view raw) {
  std::string text(4 * ((raw.size() + 2) / 3) + 1, '\0');  // EVP ends it with a NUL
  const int size = crypto().EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                            reinterpret_cast<const unsigned char*>(raw.data()),
                                            static_cast<int>(raw.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

// Of a SHA-256, the beginning is kept until it is too long to be a short text.
struct RunningDigest::State {
  explicit State(bool of_sha256) : is_sha256(of_sha256) {}
  ~State() {
    if (context != nullptr) crypto().EVP_MD_CTX_free(context);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  [[nodiscard]] bool stays_short(std::size_t more) const {
    return is_sha256 && context == nullptr && beginning.size() + more <= longest_short;
  }

  void add(std::string_view data) {
    require(crypto().EVP_DigestUpdate(context, data.data(), data.size()) == 1);
  }

  void open() {
    if (context != nullptr) return;
    context = crypto().EVP_MD_CTX_new();
    require(context != nullptr &&
            crypto().EVP_DigestInit_ex(context, is_sha256 ? crypto().EVP_sha256() : crypto().EVP_md5(),
                                       nullptr) == 1);
    add(beginning);
    std::string().swap(beginning);
  }

  bool is_sha256;
  std::string beginning;
  EVP_MD_CTX* context = nullptr;
};

RunningDigest::RunningDigest(std::unique_ptr<State> state) : state_(std::move(state)) {}
RunningDigest::~RunningDigest() = default;

Md5::Md5() : RunningDigest(std::make_unique<State>(false)) {}
Sha256::Sha256() : RunningDigest(std::make_unique<State>(true)) {}

void RunningDigest::add(std::string_view data) {
  if (state_->stays_short(data.size())) {
    state_->beginning += data;
    return;
  }
  state_->open();
  state_->add(data);
}

std::string RunningDigest::finish() {
  if (state_->stays_short(0)) return sha256_of_short(state_->beginning);
  state_->open();
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned int size = 0;
  require(crypto().EVP_DigestFinal_ex(state_->context, sum.data(), &size) == 1);
  return {reinterpret_cast<const char*>(sum.data()), size};
}

}  // namespace smlaunch
