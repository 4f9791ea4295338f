// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/token.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/hex.hpp"
#include "launcher/channel/set_token.hpp"

namespace smlaunch {
namespace {

TEST(Token, IsHexadecimalAndNeverTheSame) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string token = make_token();
    const std::string nonce = make_nonce();
    EXPECT_EQ(token.size(), 64U);
    EXPECT_EQ(nonce.size(), 32U);
    EXPECT_EQ((token + nonce).find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_TRUE(seen.insert(token).second);
    EXPECT_TRUE(seen.insert(nonce).second);
  }
}

// printf 'smlaunch channel: key' | openssl dgst -sha256 -hmac token
TEST(Token, MakesAKeyByAnHmac) {
  const ChannelKey key = make_channel_key("token");
  EXPECT_EQ(to_hex(key.secret), "e7948f701627561162eddb8dcf9ee66460e4d5f77e44a50c1732b1614d52da7c");
  EXPECT_EQ(key.identity, "8d272f84c852f04065e3cbeba48db10b7e5e1f5aff32e77168373b739152f92b");
}

// printf 'smlaunch set: job' | openssl dgst -sha256 -hmac token
TEST(Token, OfASetIsMadeOfTheJobsAndIsAnotherForEverySet) {
  EXPECT_EQ(make_set_token("token", "job"),
            "3fe78e594fbc9f771234aece17b08647dcaf73f2124785ca8aa39f622f5fbff8");
  std::set<std::string> seen = {"token"};
  for (const char* token : {"token", "Token"})
    for (const char* set : {"job", "checks 0", "checks 1"})
      EXPECT_TRUE(seen.insert(make_set_token(token, set)).second);
}

TEST(Token, HasAnotherKeyForEveryOtherToken) {
  std::set<std::string> seen;
  for (const char* token : {"", "token", "Token", "token "}) {
    const ChannelKey key = make_channel_key(token);
    EXPECT_TRUE(seen.insert(key.secret).second);
    EXPECT_TRUE(seen.insert(key.identity).second);
    EXPECT_EQ(key.secret.size(), 32U);
    EXPECT_NE(key.identity, to_hex(key.secret)) << "it is sent in the clear";
  }
}

}  // namespace
}  // namespace smlaunch
