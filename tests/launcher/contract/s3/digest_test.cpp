// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/digest.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(Digest, IsThatOfTheStandards) {
  EXPECT_EQ(hex_sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  // RFC 4231, case 2.
  EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  Md5 sum;
  sum.add("a");
  sum.add("bc");
  EXPECT_EQ(to_hex(sum.finish()), "900150983cd24fb0d6963f7d28e17f72");  // RFC 1321
  for (const auto& [raw, text] : std::vector<std::pair<std::string, std::string>>{
           {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}})  // RFC 4648
    EXPECT_EQ(base64(raw), text);
}

}  // namespace
}  // namespace smlaunch
