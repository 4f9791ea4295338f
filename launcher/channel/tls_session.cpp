// SPDX-License-Identifier: Apache-2.0
// A pre-shared key belongs to one hash, so there is one cipher suite: with another one offered, the
// listening end would look for a certificate. The connecting end refuses every certificate: without that,
// whoever has one could play the leader.
#include "launcher/channel/tls_session.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "launcher/channel/tls_library.hpp"

namespace smlaunch {

namespace {

constexpr const char* cipher_suite = "TLS_AES_128_GCM_SHA256";
constexpr const char* groups = "X25519:P-256";
// Of one record of TLS.
constexpr std::size_t longest_record = 16U << 10U;

struct SslDelete {
  void operator()(SSL* ssl) const { tls().SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { tls().SSL_CTX_free(context); }
};

// The other end has broken the handshake off: between two of ours, it does so for want of a key.
bool is_alert_of_peer() {
  const unsigned long code = tls().ERR_peek_last_error();
  return ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) > SSL_AD_REASON_OFFSET;
}

std::string last_error() {
  const unsigned long code = tls().ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : tls().ERR_reason_error_string(code);
  return reason == nullptr ? "TLS failed" : reason;
}

}  // namespace

struct TlsState {
  std::vector<ChannelKey> keys;
  FindKey find;
  std::unique_ptr<SSL, SslDelete> ssl;
  std::string_view incoming;
  std::string outgoing;
  std::string identity;
  std::string error;
  bool is_open = false;
  bool is_of_other_key = false;
};

namespace {

// ---- OpenSSL's view of what comes and goes

int read_incoming(BIO* bio, char* to, int size) {
  auto& state = *static_cast<TlsState*>(tls().BIO_get_data(bio));
  tls().BIO_clear_flags(bio, BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY);
  const std::size_t got = std::min(static_cast<std::size_t>(size), state.incoming.size());
  if (got == 0) {
    tls().BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY);
    return -1;
  }
  std::memcpy(to, state.incoming.data(), got);
  state.incoming.remove_prefix(got);
  return static_cast<int>(got);
}

int write_outgoing(BIO* bio, const char* from, int size) {
  static_cast<TlsState*>(tls().BIO_get_data(bio))->outgoing.append(from, static_cast<std::size_t>(size));
  return size;
}

long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

int create(BIO* bio) {
  tls().BIO_set_init(bio, 1);
  return 1;
}

BIO* make_bio(TlsState* state) {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made =
        tls().BIO_meth_new(tls().BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "smlaunch channel");
    tls().BIO_meth_set_read(made, read_incoming);
    tls().BIO_meth_set_write(made, write_outgoing);
    tls().BIO_meth_set_ctrl(made, control);
    tls().BIO_meth_set_create(made, create);
    return made;
  }();
  BIO* bio = tls().BIO_new(method);
  if (bio != nullptr) tls().BIO_set_data(bio, state);
  return bio;
}

// ---- the key

SSL_SESSION* make_key_session(SSL* ssl, const ChannelKey& key) {
  constexpr std::array<unsigned char, 2> cipher_id = {0x13, 0x01};  // TLS_AES_128_GCM_SHA256
  const SSL_CIPHER* cipher = tls().SSL_CIPHER_find(ssl, cipher_id.data());
  SSL_SESSION* session = tls().SSL_SESSION_new();
  if (session == nullptr || cipher == nullptr ||
      tls().SSL_SESSION_set1_master_key(session, reinterpret_cast<const unsigned char*>(key.secret.data()),
                                        key.secret.size()) != 1 ||
      tls().SSL_SESSION_set_cipher(session, cipher) != 1 ||
      tls().SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION) != 1) {
    tls().SSL_SESSION_free(session);
    return nullptr;
  }
  return session;
}

int offer_key(SSL* ssl, const EVP_MD*, const unsigned char** identity, std::size_t* length,
              SSL_SESSION** session) {
  const auto& state = *static_cast<TlsState*>(tls().SSL_get_ex_data(ssl, 0));
  const ChannelKey& key = state.keys.front();
  *identity = reinterpret_cast<const unsigned char*>(key.identity.data());
  *length = key.identity.size();
  *session = make_key_session(ssl, key);
  return *session == nullptr ? 0 : 1;
}

int find_key(SSL* ssl, const unsigned char* identity, std::size_t length, SSL_SESSION** session) {
  auto& state = *static_cast<TlsState*>(tls().SSL_get_ex_data(ssl, 0));
  const std::string_view wanted(reinterpret_cast<const char*>(identity), length);
  *session = nullptr;
  for (const ChannelKey& key : state.keys) {
    if (key.identity != wanted) continue;
    *session = make_key_session(ssl, key);
    state.identity = key.identity;
    return *session == nullptr ? 0 : 1;
  }
  // OpenSSL asks for each identity of a hello, of which there may be thousands. Ours names one.
  const FindKey find = std::exchange(state.find, nullptr);
  if (const auto key = find ? find(wanted) : std::nullopt) {
    *session = make_key_session(ssl, *key);
    state.identity = key->identity;
    return *session == nullptr ? 0 : 1;
  }
  state.is_of_other_key = true;
  return 1;
}

SSL_CTX* tls_context() {
  static const std::unique_ptr<SSL_CTX, SslDelete> context = [] {
    std::unique_ptr<SSL_CTX, SslDelete> made(tls().SSL_CTX_new(tls().TLS_method()));
    if (!made ||
        tls().SSL_CTX_ctrl(made.get(), SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_3_VERSION, nullptr) != 1 ||
        tls().SSL_CTX_ctrl(made.get(), SSL_CTRL_SET_MAX_PROTO_VERSION, TLS1_3_VERSION, nullptr) != 1 ||
        tls().SSL_CTX_set_ciphersuites(made.get(), cipher_suite) != 1 ||
        tls().SSL_CTX_ctrl(made.get(), SSL_CTRL_SET_GROUPS_LIST, 0, const_cast<char*>(groups)) != 1)
      std::abort();
    tls().SSL_CTX_set_num_tickets(made.get(), 0);
    tls().SSL_CTX_ctrl(made.get(), SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF, nullptr);
    // A connection that waits keeps no buffers: there are thousands of them.
    tls().SSL_CTX_ctrl(made.get(), SSL_CTRL_MODE, SSL_MODE_RELEASE_BUFFERS, nullptr);
    tls().SSL_CTX_set_psk_use_session_callback(made.get(), offer_key);
    tls().SSL_CTX_set_psk_find_session_callback(made.get(), find_key);
    return made;
  }();
  return context.get();
}

}  // namespace

TlsSession::TlsSession(End end, std::vector<ChannelKey> keys, FindKey find)
    : state_(std::make_unique<TlsState>()) {
  assert(!keys.empty());
  state_->keys = std::move(keys);
  state_->find = std::move(find);
  state_->ssl.reset(tls().SSL_new(tls_context()));
  BIO* bio = make_bio(state_.get());
  // Only without memory.
  if (!state_->ssl || bio == nullptr) std::abort();
  tls().SSL_set_ex_data(state_->ssl.get(), 0, state_.get());
  tls().SSL_set_bio(state_->ssl.get(), bio, bio);
  if (end == End::listening) {
    tls().SSL_set_accept_state(state_->ssl.get());
    return;
  }
  tls().SSL_set_connect_state(state_->ssl.get());
  tls().SSL_set_verify(state_->ssl.get(), SSL_VERIFY_PEER, nullptr);
  state_->identity = state_->keys.front().identity;
  receive("", nullptr);
}

TlsSession::~TlsSession() = default;

bool TlsSession::receive(std::string_view bytes, const std::function<void(std::string_view)>& take) {
  TlsState& state = *state_;
  SSL* const ssl = state.ssl.get();
  if (!state.error.empty()) return false;
  state.incoming = bytes;
  tls().ERR_clear_error();
  if (!state.is_open) {
    const int done = tls().SSL_do_handshake(ssl);
    if (done != 1) {
      if (tls().SSL_get_error(ssl, done) == SSL_ERROR_WANT_READ) return true;
      state.is_of_other_key = state.is_of_other_key || is_alert_of_peer();
      state.error = last_error();
      return false;
    }
    if (tls().SSL_session_reused(ssl) != 1) {
      state.error = "it has not proved that it knows the token";
      return false;
    }
    state.is_open = true;
  }
  std::array<char, longest_record> text;
  std::size_t got = 0;
  int read = 0;
  while ((read = tls().SSL_read_ex(ssl, text.data(), text.size(), &got)) == 1) {
    if (take) take(std::string_view(text.data(), got));
  }
  const int why = tls().SSL_get_error(ssl, read);
  if (why == SSL_ERROR_WANT_READ) return true;
  state.error = why == SSL_ERROR_ZERO_RETURN ? "the connection was closed" : last_error();
  return false;
}

void TlsSession::send(std::string_view text) {
  assert(state_->is_open);
  tls().ERR_clear_error();
  std::size_t sent = 0;
  // It can only fail where the connection is over already: reading says so.
  if (!text.empty()) tls().SSL_write_ex(state_->ssl.get(), text.data(), text.size(), &sent);
}

std::string TlsSession::take_outgoing() { return std::exchange(state_->outgoing, std::string()); }

bool TlsSession::is_open() const { return state_->is_open; }

const std::string& TlsSession::identity() const {
  static const std::string none;
  return state_->is_open ? state_->identity : none;
}

const std::string& TlsSession::error() const { return state_->error; }

bool TlsSession::is_of_other_key() const { return state_->is_of_other_key; }

}  // namespace smlaunch
