// SPDX-License-Identifier: Apache-2.0
#include "base/digest.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"

namespace smlaunch {
namespace {

// The answers of FIPS 180-4's own examples.
TEST(Sha256, GivesThePublishedDigests) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, CountsANulAsAByte) {
  EXPECT_EQ(sha256_hex(std::string_view("\0", 1)),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}

TEST(Digest, AgreesWithTheStandardsExamples) {
  // RFC 4231, case 2.
  EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  // Case 6: the key is longer than a block.
  EXPECT_EQ(
      to_hex(hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  Md5 sum;
  sum.add("a");
  sum.add("bc");
  EXPECT_EQ(to_hex(sum.finish()), "900150983cd24fb0d6963f7d28e17f72");  // RFC 1321
  for (const auto& [raw, text] : std::vector<std::pair<std::string, std::string>>{
           {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}})  // RFC 4648
    EXPECT_EQ(base64(raw), text);
}

TEST(Digest, Sha256OfPiecesIsThatOfTheWhole) {
  Sha256 sum;
  sum.add("two ");
  sum.add("");
  sum.add("pieces");
  EXPECT_EQ(to_hex(sum.finish()), sha256_hex("two pieces"));
}

// Short texts and long ones go different ways.
TEST(Digest, Sha256OfALongTextIsTheSameInPiecesOfAnyLength) {
  const std::string long_text(1'000'000, 'a');
  for (const std::size_t length : {1'000U, 65'535U, 65'536U, 65'537U, 999'999U}) {
    Sha256 sum;
    for (std::size_t at = 0; at < long_text.size(); at += length)
      sum.add(std::string_view(long_text).substr(at, length));
    EXPECT_EQ(to_hex(sum.finish()), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
        << length;
  }
}

}  // namespace
}  // namespace smlaunch
