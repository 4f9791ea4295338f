// SPDX-License-Identifier: Apache-2.0
#include "base/svg_text.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

constexpr const char* unknown = "\xef\xbf\xbd";  // U+FFFD

TEST(XmlText, EscapesCharactersThatXmlGivesAMeaning) {
  EXPECT_EQ(xml_text("<a> & \"b\" 'c'"), "&lt;a&gt; &amp; &quot;b&quot; 'c'");
}

TEST(XmlText, LeavesWellFormedTextAsItIs) {
  for (const char* text : {"", "plain", "h\u00f6st", "\u4e3b\u673a", "\U0001f680", "\u0080", "\ufffd"})
    EXPECT_EQ(xml_text(text), text);
}

TEST(XmlText, ReplacesBytesThatAreNotAllowed) {
  const std::string_view cases[] = {std::string_view("\x00", 1),
                                    "\x01",
                                    "\x1f",
                                    "\n",
                                    "\t",
                                    "\x7f",  // controls
                                    "\x80",
                                    "\xff",
                                    "\xc3",
                                    "\xc0",
                                    "\xf5",  // bytes that begin nothing whole
                                    "\xef\xbf\xbe",
                                    "\xef\xbf\xbf"};  // U+FFFE, U+FFFF
  for (const std::string_view text : cases) EXPECT_EQ(xml_text(text), unknown);
  EXPECT_EQ(xml_text("a\xe4\xb8"
                     "b"),
            std::string("a") + unknown + unknown + "b")
      << "cut in the middle";
  EXPECT_EQ(xml_text("\xc0\xaf"), std::string(unknown) + unknown) << "overlong";
  EXPECT_EQ(xml_text("\xed\xa0\x80"), unknown) << "a surrogate";
  EXPECT_EQ(xml_text("\xf4\x90\x80\x80").find('\xf4'), std::string::npos) << "above U+10FFFF";
}

TEST(Fitted, IsTheTextOrItsBeginning) {
  EXPECT_EQ(fitted("rank 0", 100, 12), "rank 0");
  EXPECT_EQ(fitted("", 0, 12), "");
  EXPECT_EQ(fitted("rank 0", 5, 12), "");
  const std::string cut = fitted("a very long name of a device", 100, 12);
  EXPECT_TRUE(cut.ends_with("\u2026")) << cut;
  EXPECT_LE(text_width(cut, 12), 100);
  EXPECT_GT(cut.size(), 10U);
}

TEST(Fitted, NeverCutsACharacter) {
  const std::string text = "\u00e9\u4e3b\U0001f680\u00e9\u4e3b\U0001f680";
  for (int width = 0; width < 120; ++width)
    EXPECT_EQ(xml_text(fitted(text, width, 12)).find(unknown), std::string::npos) << width;
}

TEST(TextWidth, GrowsWithTheTextItsSizeAndItsWeight) {
  EXPECT_LT(text_width("ab", 12), text_width("abc", 12));
  EXPECT_LT(text_width("abc", 12), text_width("abc", 13));
  EXPECT_LT(text_width("abc", 12), text_width("abc", 12, true));
  EXPECT_LT(text_width("il", 12), text_width("MW", 12));
  EXPECT_GE(text_width("\u4e3b", 12), 12);
}

}  // namespace
}  // namespace smlaunch
