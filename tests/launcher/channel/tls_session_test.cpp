// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/tls_session.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>

namespace smlaunch {
namespace {

using End = TlsSession::End;

// Both ends of a connection, and what each has heard.
struct TwoEnds {
  TwoEnds(std::vector<ChannelKey> connecting, std::vector<ChannelKey> listening)
      : client(End::connecting, std::move(connecting)), server(End::listening, std::move(listening)) {}

  // Until neither has anything to say. False: one of them has given up.
  bool talk() {
    for (bool more = true; more;) {
      const std::string to_server = client.take_outgoing();
      on_the_wire += to_server;
      if (!server.receive(to_server, [&](std::string_view text) { server_heard += text; })) return false;
      const std::string to_client = server.take_outgoing();
      on_the_wire += to_client;
      if (!client.receive(to_client, [&](std::string_view text) { client_heard += text; })) return false;
      more = !to_server.empty() || !to_client.empty();
    }
    return true;
  }

  TlsSession client;
  TlsSession server;
  std::string client_heard;
  std::string server_heard;
  std::string on_the_wire;
};

const ChannelKey right = make_channel_key("token");
const ChannelKey other = make_channel_key("another token");

TEST(TlsSession, CarriesWhatTwoEndsWithTheSameTokenSay) {
  TwoEnds ends({right}, {other, right});
  ASSERT_TRUE(ends.talk());
  ASSERT_TRUE(ends.client.is_open());
  ASSERT_TRUE(ends.server.is_open());
  EXPECT_EQ(ends.server.identity(), right.identity);
  const std::string much(1'000'000, 'x');
  ends.client.send("AWS_SECRET_ACCESS_KEY");
  ends.server.send(much);
  ASSERT_TRUE(ends.talk());
  EXPECT_EQ(ends.server_heard, "AWS_SECRET_ACCESS_KEY");
  EXPECT_EQ(ends.client_heard, much);
}

TEST(TlsSession, NothingCrossesInTheClear) {
  TwoEnds ends({right}, {right});
  ASSERT_TRUE(ends.talk());
  ends.client.send("AWS_SECRET_ACCESS_KEY");
  ASSERT_TRUE(ends.talk());
  EXPECT_EQ(ends.on_the_wire.find("AWS_SECRET"), std::string::npos);
  EXPECT_EQ(ends.on_the_wire.find(right.secret), std::string::npos);
}

TEST(TlsSession, AnotherTokenIsRefusedByBothEnds) {
  TwoEnds ends({right}, {other});
  EXPECT_FALSE(ends.talk());
  EXPECT_FALSE(ends.server.is_open());
  EXPECT_FALSE(ends.client.is_open());
  EXPECT_TRUE(ends.server.identity().empty());
  EXPECT_FALSE(ends.server.error().empty());
}

TEST(TlsSession, AKnownIdentityWithAnotherSecretIsRefused) {
  ChannelKey forged = right;
  forged.secret = other.secret;
  TwoEnds ends({forged}, {right});
  EXPECT_FALSE(ends.talk());
  EXPECT_FALSE(ends.server.is_open());
  EXPECT_EQ(ends.server.error(), "binder does not verify");
}

TEST(TlsSession, WhatIsNoTlsIsRefusedAndGetsNothingThrough) {
  for (const std::string& text : {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(70'000, '\x91'),
                                  std::string("\x05\0\0\0\x02xxxx", 9)}) {
    TlsSession server(End::listening, {right});
    bool heard = false;
    EXPECT_FALSE(server.receive(text, [&](std::string_view) { heard = true; }));
    EXPECT_FALSE(heard);
    EXPECT_FALSE(server.receive("", nullptr)) << "it stays refused";
  }
}

TEST(TlsSession, ABitThatIsChangedOnTheWayEndsIt) {
  TwoEnds ends({right}, {right});
  ASSERT_TRUE(ends.talk());
  ends.client.send("ended 0");
  std::string bytes = ends.client.take_outgoing();
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  EXPECT_FALSE(ends.server.receive(bytes, [&](std::string_view text) { ends.server_heard += text; }));
  EXPECT_TRUE(ends.server_heard.empty());
}

TEST(TlsSession, BytesMayComeOneByOne) {
  TlsSession client(End::connecting, {right});
  TlsSession server(End::listening, {right});
  const auto pass = [](TlsSession& from, TlsSession& to, std::string& heard) {
    for (const char byte : from.take_outgoing())
      ASSERT_TRUE(to.receive({&byte, 1}, [&](std::string_view text) { heard += text; }));
  };
  std::string server_heard;
  std::string client_heard;
  for (int i = 0; i < 3; ++i) {
    pass(client, server, server_heard);
    pass(server, client, client_heard);
  }
  ASSERT_TRUE(client.is_open() && server.is_open());
  client.send("hello");
  pass(client, server, server_heard);
  EXPECT_EQ(server_heard, "hello");
}

// A server with a certificate of its own making, and without the token.
struct Impostor {
  Impostor() {
    SSL_CTX* context = SSL_CTX_new(TLS_server_method());
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    SSL_CTX_use_certificate(context, certificate);
    SSL_CTX_use_PrivateKey(context, key);
    ssl = SSL_new(context);
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(ssl);
    X509_free(certificate);
    EVP_PKEY_free(key);
    SSL_CTX_free(context);
  }
  ~Impostor() { SSL_free(ssl); }
  Impostor(const Impostor&) = delete;
  Impostor& operator=(const Impostor&) = delete;

  std::string answer(const std::string& bytes) {
    BIO_write(SSL_get_rbio(ssl), bytes.data(), static_cast<int>(bytes.size()));
    SSL_do_handshake(ssl);
    std::string out(BIO_ctrl_pending(SSL_get_wbio(ssl)), '\0');
    BIO_read(SSL_get_wbio(ssl), out.data(), static_cast<int>(out.size()));
    return out;
  }

  SSL* ssl = nullptr;
};

TEST(TlsSession, ACertificateIsNoProofOfTheToken) {
  TlsSession client(End::connecting, {right});
  Impostor impostor;
  const std::string answer = impostor.answer(client.take_outgoing());
  ASSERT_GT(answer.size(), 300U) << "it offers its certificate";
  EXPECT_FALSE(client.receive(answer, nullptr));
  EXPECT_FALSE(client.is_open());
}

}  // namespace
}  // namespace smlaunch
