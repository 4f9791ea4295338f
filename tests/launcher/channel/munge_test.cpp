// SPDX-License-Identifier: Apache-2.0
// Without munge's daemon, which tests/slurm has: what is told of it by words alone.
#include "launcher/channel/munge.hpp"

#include <gtest/gtest.h>

#include "launcher/channel/tls_session.hpp"

namespace smlaunch {
namespace {

TEST(Munge, KnowsItsIdentitiesByTheirBeginning) {
  EXPECT_TRUE(Munge::is_identity("MUNGE:AwQDAAC:"));
  EXPECT_FALSE(Munge::is_identity(make_channel_key("token").identity));
  EXPECT_FALSE(Munge::is_identity(std::string("MUNGE:a\0b", 9)));
  EXPECT_FALSE(Munge::is_identity("MUNGE:" + std::string(5000, 'a')));
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
