// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/token.hpp"

#include <gtest/gtest.h>

#include <set>

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

// printf 'agent|1|2' | openssl dgst -sha256 -hmac token
TEST(Token, IsProvedByAnHmac) {
  EXPECT_EQ(prove_token("token", "agent", "1", "2"),
            "49b307c2b0dfea7fe7b130c7b9f667e9da233aad8cae0f41233ef579aaebfb6b");
}

TEST(Token, HasAnotherProofForEveryOtherWord) {
  const std::set<std::string> proofs = {
      prove_token("token", "agent", "1", "2"),  prove_token("Token", "agent", "1", "2"),
      prove_token("token", "leader", "1", "2"), prove_token("token", "agent", "3", "2"),
      prove_token("token", "agent", "1", "3"),  prove_token("token", "agent", "2", "1"),
      prove_token("", "agent", "1", "2")};
  EXPECT_EQ(proofs.size(), 7U);
}

TEST(Token, ProofsAreEqualOnlyAsAWhole) {
  EXPECT_TRUE(equal_proofs("", ""));
  EXPECT_TRUE(equal_proofs("abc", "abc"));
  EXPECT_FALSE(equal_proofs("abc", "abd"));
  EXPECT_FALSE(equal_proofs("abc", "ab"));
  EXPECT_FALSE(equal_proofs("", "a"));
}

}  // namespace
}  // namespace smlaunch
