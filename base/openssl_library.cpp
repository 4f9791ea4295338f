// SPDX-License-Identifier: Apache-2.0
#include "base/openssl_library.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <openssl/opensslv.h>
#include <unistd.h>

#include "base/exit_codes.hpp"
#include "base/own_words.hpp"

namespace smlaunch {

namespace {

// Its functions are those of the headers that we are compiled with: of the same major version.
#define SMLAUNCH_TEXT(number) #number
#define SMLAUNCH_TEXT_OF(number) SMLAUNCH_TEXT(number)
constexpr const char* libcrypto = "libcrypto.so." SMLAUNCH_TEXT_OF(OPENSSL_VERSION_MAJOR);
constexpr const char* libssl = "libssl.so." SMLAUNCH_TEXT_OF(OPENSSL_VERSION_MAJOR);

struct Opened {
  void* library = nullptr;
  std::string error{};
};

Opened open_library(const char* name) {
  Opened opened{.library = dlopen(name, RTLD_LAZY | RTLD_LOCAL)};
  if (opened.library == nullptr) opened.error = dlerror();
  return opened;
}

const Opened& open_part(OpensslPart part) {
  if (part == OpensslPart::ssl) {
    static const Opened ssl = open_library(libssl);
    return ssl;
  }
  static const Opened crypto = open_library(libcrypto);
  return crypto;
}

}  // namespace

void* find_in_openssl(OpensslPart part, const char* function) {
  const Opened& opened = open_part(part);
  void* found = opened.library == nullptr ? nullptr : dlsym(opened.library, function);
  if (found == nullptr) {
    say("OpenSSL cannot be used: {}; install OpenSSL {} (Debian: libssl{})",
        opened.error.empty() ? fmt::format("it has no {}", function) : opened.error, OPENSSL_VERSION_MAJOR,
        OPENSSL_VERSION_MAJOR);
    _exit(exit_codes::start);
  }
  return found;
}

bool holds_openssl() {
#ifdef SMLAUNCH_HOLDS_OPENSSL
  return true;
#else
  return false;
#endif
}

std::optional<std::string> openssl_error() {
  if (holds_openssl()) return std::nullopt;
  const Opened& opened = open_part(OpensslPart::ssl);
  if (opened.library == nullptr) return opened.error;
  return std::nullopt;
}

}  // namespace smlaunch
