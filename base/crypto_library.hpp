// SPDX-License-Identifier: Apache-2.0
// The functions of libcrypto that digests take.
#pragma once

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/openssl_library.hpp"

namespace smlaunch {

#define SMLAUNCH_CRYPTO_FUNCTIONS(each)                                                        \
  each(OPENSSL_init_crypto) each(EVP_MD_CTX_new) each(EVP_MD_CTX_free) each(EVP_DigestInit_ex) \
      each(EVP_DigestUpdate) each(EVP_DigestFinal_ex) each(EVP_EncodeBlock) each(EVP_md5) each(EVP_sha256)

struct CryptoLibrary {
  SMLAUNCH_CRYPTO_FUNCTIONS(SMLAUNCH_OPENSSL_MEMBER)
};

}  // namespace smlaunch
