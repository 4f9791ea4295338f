// SPDX-License-Identifier: Apache-2.0
#include "base/shown_text.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(ShownText, LeavesWhatIsShortAndPlain) {
  EXPECT_EQ(shown_text("", 10), "");
  EXPECT_EQ(shown_text("Zürich\n\t", 10), "Zürich\n\t");
}

TEST(ShownText, SaysControlCharactersInDigits) {
  EXPECT_EQ(shown_text(std::string("a\0\x1b[31m\x7f\r", 9), 100), "a\\x00\\x1b[31m\\x7f\\x0d");
}

TEST(ShownText, LeavesTheMiddleOfALongTextOut) {
  EXPECT_EQ(shown_text("abcdefghij", 4), "ab...(6 bytes)...ij");
  EXPECT_LT(shown_text(std::string(1'000'000, 'x'), 200).size(), 250U);
}

TEST(ShownText, IsAsShortWhereEachByteIsAControlCharacter) {
  EXPECT_EQ(shown_text(std::string(6, '\0'), 16), "\\x00\\x00...(2 bytes)...\\x00\\x00");
  EXPECT_LT(shown_text(std::string(1'000, '\0'), 1'000).size(), 1'050U);
}

TEST(ShownText, CutsNoCharacterInTwo) { EXPECT_EQ(shown_text("aüüüüüb", 4), "a...(10 bytes)...b"); }

}  // namespace
}  // namespace smlaunch
