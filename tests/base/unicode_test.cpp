// SPDX-License-Identifier: Apache-2.0
#include "base/unicode.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace smlaunch {
namespace {

TEST(Unicode, DecodesWhatItAppends) {
  for (const std::uint32_t value :
       {0x0U, 0x7FU, 0x80U, 0x7FFU, 0x800U, 0xD800U, 0xFFFFU, 0x10000U, 0x10FFFFU}) {
    std::string text;
    append_code_point(text, value);
    const CodePoint point = decode_code_point(text, 0);
    EXPECT_EQ(static_cast<std::uint32_t>(point.value), value);
    EXPECT_EQ(point.length, text.size());
    EXPECT_EQ(count_code_points(text), 1U);
  }
}

TEST(Unicode, RefusesInvalidUtf8) {
  for (const char* text : {"\x80", "\xC0\x80", "\xC3", "\xC3(", "\xE0\x80\x80", "\xF0\x80\x80\x80",
                           "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    EXPECT_EQ(decode_code_point(text, 0).length, 0U);
    EXPECT_EQ(find_invalid_utf8(std::string("ok") + text), 2U);
  }
  EXPECT_EQ(find_invalid_utf8("a\xED\xA0\x80"), 1U);
  EXPECT_EQ(find_invalid_utf8("a\xE4\xB8\xAD\xF0\x9F\x98\x80"), std::nullopt);
}

TEST(Unicode, RepairMakesStrictUtf8WithoutNul) {
  const std::string text("a\0b\xFF\xED\xA0\x80\xE4\xB8\xAD\xE4\xB8", 12);
  const std::string repaired = repair_utf8(text);
  EXPECT_EQ(repaired, "a\uFFFDb\uFFFD\uFFFD\u4E2D\uFFFD\uFFFD");
  EXPECT_EQ(find_invalid_utf8(repaired), std::nullopt);
}

TEST(Unicode, CapitalsAreThoseOfPython) {
  EXPECT_EQ(python_upper("batch-size_1.x"), "BATCH-SIZE_1.X");
  EXPECT_EQ(python_upper("stra\u00DFe \u00E9\u03C2\uFB03"), "STRASSE \u00C9\u03A3FFI");
  EXPECT_EQ(python_upper("\xFFz"), "\xFFZ");
}

TEST(Unicode, ControlAndFormatCharactersAreNotPrintable) {
  for (const std::uint32_t value :
       {0x1FU, 0x7FU, 0x80U, 0xA0U, 0xADU, 0x200BU, 0x2028U, 0x3000U, 0xD800U, 0xE000U, 0x10FFFFU}) {
    EXPECT_FALSE(is_printable(value)) << value;
  }
  for (const std::uint32_t value : {0x20U, 0x7EU, 0xA1U, 0x4E2DU, 0x1F600U})
    EXPECT_TRUE(is_printable(value)) << value;
}

}  // namespace
}  // namespace smlaunch
