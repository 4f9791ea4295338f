// SPDX-License-Identifier: Apache-2.0
// Without munge's daemon, which tests/slurm has: what is told of it by words alone.
#include "launcher/channel/munge.hpp"

#include <gtest/gtest.h>

#include "launcher/channel/tls_session.hpp"

namespace smlaunch {
namespace {

TEST(Munge, AsksItsDaemonOnlyOfWhatMayBeACredential) {
  const std::string usual(240, 'a');
  EXPECT_TRUE(Munge::is_identity("MUNGE:" + usual + ":"));
  EXPECT_FALSE(Munge::is_identity("MUNGE:" + usual));
  EXPECT_FALSE(Munge::is_identity(make_channel_key("token").identity));
  EXPECT_FALSE(Munge::is_identity("MUNGE:" + usual + '\0' + ":"));
  EXPECT_FALSE(Munge::is_identity("MUNGE:AwQDAAC:"));
  EXPECT_FALSE(Munge::is_identity("MUNGE:" + std::string(1100, 'a') + ":"));
}

TEST(Munge, TakesNoTokenOfAnotherJobOfTheSameUser) {
  EXPECT_EQ(Munge::find_token(Munge::make_payload("12.0.0", "token"), "12.0.0"), "token");
  for (const char* other : {"12.0.1", "12.1.0", "1", "12.0.00", ""})
    EXPECT_EQ(Munge::find_token(Munge::make_payload("12.0.0", "token"), other), std::nullopt) << other;
  EXPECT_EQ(Munge::find_token("", "12.0.0"), std::nullopt);
}

// Hands bytes from one to the other until neither has any.
void talk(TlsSession& a, TlsSession& b) {
  for (int i = 0; i < 8; ++i) {
    b.receive(a.take_outgoing(), nullptr);
    a.receive(b.take_outgoing(), nullptr);
  }
}

TEST(TlsSession, TakesAKeyThatIsFoundWhenItComes) {
  ChannelKey made = make_channel_key("made up");
  made.identity = "MUNGE:" + std::string(300, 'a') + ":";
  TlsSession client(TlsSession::End::connecting, {made});
  TlsSession server(TlsSession::End::listening, {make_channel_key("token")}, [&](std::string_view identity) {
    return identity == made.identity ? std::optional(made) : std::nullopt;
  });
  talk(client, server);
  EXPECT_TRUE(server.is_open());
  EXPECT_EQ(server.identity(), made.identity);
  EXPECT_FALSE(server.is_of_other_key());
}

std::string with_length(int bytes, const std::string& text) {
  std::string made;
  for (int i = bytes - 1; i >= 0; --i) made += static_cast<char>((text.size() >> (8 * i)) & 0xff);
  return made + text;
}

std::string extension(int number, const std::string& content) {
  return std::string{static_cast<char>(number >> 8), static_cast<char>(number)} + with_length(2, content);
}

// TLS 1.3's first message (RFC 8446, 4.1.2), which names so many keys.
std::string hello_with_identities(int count) {
  std::string identities;
  std::string binders;
  for (int i = 0; i < count; ++i) {
    identities +=
        with_length(2, "MUNGE:" + std::to_string(i) + std::string(200, 'a') + ":") + std::string(4, 0);
    binders += with_length(1, std::string(32, 'b'));
  }
  const std::string x25519("\x00\x1d", 2);
  const std::string share = x25519 + with_length(2, std::string(31, 'c') + '\x01');
  const std::string extensions =
      extension(43, std::string("\x02\x03\x04", 3)) + extension(10, with_length(2, x25519)) +
      extension(13, std::string("\x00\x02\x04\x03", 4)) + extension(51, with_length(2, share)) +
      extension(45, std::string("\x01\x01", 2)) +
      extension(41, with_length(2, identities) + with_length(2, binders));
  const std::string body = std::string("\x03\x03", 2) + std::string(32, 'r') + std::string(1, 0) +
                           with_length(2, std::string("\x13\x01", 2)) + with_length(1, std::string(1, 0)) +
                           with_length(2, extensions);
  return std::string("\x16\x03\x01", 3) + with_length(2, '\x01' + with_length(3, body));
}

TEST(TlsSession, AsksForOneKeyHoweverManyAStrangerNames) {
  int asked = 0;
  TlsSession server(TlsSession::End::listening, {make_channel_key("token")}, [&](std::string_view) {
    ++asked;
    return std::optional<ChannelKey>();
  });
  EXPECT_FALSE(server.receive(hello_with_identities(50), nullptr));
  EXPECT_TRUE(server.is_of_other_key());
  EXPECT_EQ(asked, 1);
}

TEST(TlsSession, BothEndsSeeThatTheKeyIsAnother) {
  for (const bool finds : {false, true}) {
    FindKey find;
    if (finds) find = [](std::string_view) { return std::optional<ChannelKey>(); };
    TlsSession client(TlsSession::End::connecting, {make_channel_key("another")});
    TlsSession server(TlsSession::End::listening, {make_channel_key("token")}, find);
    talk(client, server);
    EXPECT_FALSE(server.is_open());
    EXPECT_TRUE(server.is_of_other_key());
    EXPECT_TRUE(client.is_of_other_key());
  }
}

}  // namespace
}  // namespace smlaunch
