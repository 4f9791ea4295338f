// SPDX-License-Identifier: Apache-2.0
// The functions of libssl, and of libcrypto below it, that the channel takes.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/openssl_library.hpp"

namespace smlaunch {

#define SMLAUNCH_TLS_FUNCTIONS(each)                                                                        \
  each(OPENSSL_init_ssl) each(TLS_method) each(SSL_CTX_new) each(SSL_CTX_free) each(SSL_CTX_ctrl) each(     \
      SSL_CTX_set_ciphersuites) each(SSL_CTX_set_num_tickets) each(SSL_CTX_set_psk_use_session_callback)    \
      each(SSL_CTX_set_psk_find_session_callback) each(SSL_new) each(SSL_free) each(SSL_set_bio)            \
          each(SSL_set_accept_state) each(SSL_set_connect_state) each(SSL_set_verify) each(SSL_set_ex_data) \
              each(SSL_get_ex_data) each(SSL_do_handshake) each(SSL_get_error) each(SSL_session_reused)     \
                  each(SSL_read_ex) each(SSL_write_ex) each(SSL_CIPHER_find) each(SSL_SESSION_new)          \
                      each(SSL_SESSION_free) each(SSL_SESSION_set1_master_key) each(SSL_SESSION_set_cipher) \
                          each(SSL_SESSION_set_protocol_version) each(BIO_new) each(BIO_get_new_index)      \
                              each(BIO_meth_new) each(BIO_meth_set_read) each(BIO_meth_set_write)           \
                                  each(BIO_meth_set_ctrl) each(BIO_meth_set_create) each(BIO_set_data)      \
                                      each(BIO_get_data) each(BIO_set_init) each(BIO_set_flags)             \
                                          each(BIO_clear_flags) each(ERR_peek_last_error)                   \
                                              each(ERR_clear_error) each(ERR_reason_error_string)

struct TlsLibrary {
  SMLAUNCH_TLS_FUNCTIONS(SMLAUNCH_OPENSSL_MEMBER)
};

// The same object each time, for as long as the process lives.
const TlsLibrary& tls();

}  // namespace smlaunch
