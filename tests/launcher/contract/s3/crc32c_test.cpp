// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/crc32c.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace smlaunch {
namespace {

TEST(Crc32c, IsTheOneOfRfc3720) {
  std::string rising;
  for (int i = 0; i < 32; ++i) rising += static_cast<char>(i);
  for (const auto& sum : {crc32c, crc32c_by_table}) {
    EXPECT_EQ(sum("", 0), 0U);
    EXPECT_EQ(sum("123456789", 0), 0xe3069283U);
    EXPECT_EQ(sum(std::string(32, '\0'), 0), 0x8a9136aaU);
    EXPECT_EQ(sum(std::string(32, '\xff'), 0), 0x62a8ab43U);
    EXPECT_EQ(sum(rising, 0), 0x46dd794eU);
  }
}

TEST(Crc32c, OfPiecesIsThatOfTheWholeWhereverTheyAreCut) {
  std::string whole;
  for (int i = 0; i < 100; ++i) whole += static_cast<char>(i * 37);
  const std::uint32_t expected = crc32c(whole);
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    const std::string first = whole.substr(0, cut);
    const std::string second = whole.substr(cut);
    EXPECT_EQ(crc32c(second, crc32c(first)), expected) << cut;
    EXPECT_EQ(crc32c_by_table(second, crc32c_by_table(first)), expected) << cut;
  }
}

// Three stretches of 4 KiB are gone through at once.
TEST(Crc32c, OfLongDataIsTheOneOfTheTable) {
  std::string whole;
  std::uint32_t number = 1;
  for (int i = 0; i < 100'000; ++i) {
    number = number * 1'664'525U + 1'013'904'223U;
    whole += static_cast<char>(number >> 24U);
  }
  for (const std::size_t size : {12'287U, 12'288U, 12'289U, 24'576U, 36'863U, 100'000U}) {
    const std::string_view data = std::string_view(whole).substr(0, size);
    EXPECT_EQ(crc32c(data), crc32c_by_table(data)) << size;
    EXPECT_EQ(crc32c(data.substr(7), crc32c(data.substr(0, 7))), crc32c_by_table(data)) << size;
  }
}

}  // namespace
}  // namespace smlaunch
