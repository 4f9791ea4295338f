// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/tls_library.hpp"

#include <cstdlib>

namespace smlaunch {

const TlsLibrary& tls() {
  static const TlsLibrary opened = [] {
    TlsLibrary library;
#define SMLAUNCH_FIND(name) library.name = SMLAUNCH_OPENSSL_FUNCTION(OpensslPart::ssl, name);
    SMLAUNCH_TLS_FUNCTIONS(SMLAUNCH_FIND)
#undef SMLAUNCH_FIND
    // By default OpenSSL takes itself apart when the process ends, which no other process is better off for.
    if (library.OPENSSL_init_ssl(OPENSSL_INIT_NO_ATEXIT, nullptr) != 1) std::abort();
    return library;
  }();
  return opened;
}

}  // namespace smlaunch
