// SPDX-License-Identifier: Apache-2.0
#include "base/line_splitter.hpp"

#include <gtest/gtest.h>

#include <random>

namespace smlaunch {
namespace {

std::string split_whole(std::string_view text) {
  LineSplitter splitter;
  std::string lines;
  splitter.feed(text, lines);
  splitter.finish(lines);
  return lines;
}

TEST(LineSplitter, EndsLinesWhereTheyEnd) {
  using namespace std::string_view_literals;
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", ""},
      {"one", "one\n"},
      {"one\n", "one\n"},
      {"one\ntwo", "one\ntwo\n"},
      {"\n", "\n"},
      {"\n\n", "\n\n"},
      {"one\r\ntwo\r\n", "one\ntwo\n"},
      {"\r\n", "\n"},
      {"one\r", "one\n"},
      {"\r 1%\r 2%\r 3%\n", " 1%\n 2%\n 3%\n"},
      {"1%\r2%\rdone", "1%\n2%\ndone\n"},
      {"\r\r\r", ""},
      {"a\r\rb", "a\nb\n"},
      {"a\r\r\nb", "a\n\nb\n"},
      {"nul \0 inside\n"sv, "nul \0 inside\n"sv},
      {"broken \xff\xfe\xc3 UTF-8\n", "broken \xff\xfe\xc3 UTF-8\n"},
  };
  for (const auto& [text, lines] : cases) EXPECT_EQ(split_whole(text), lines) << testing::PrintToString(text);
}

TEST(LineSplitter, KeepsAnUnfinishedLineBack) {
  LineSplitter splitter;
  std::string lines;
  splitter.feed("hel", lines);
  EXPECT_EQ(lines, "");
  splitter.feed("lo\nwor", lines);
  EXPECT_EQ(lines, "hello\n");
  splitter.finish(lines);
  EXPECT_EQ(lines, "hello\nwor\n");
  splitter.finish(lines);
  EXPECT_EQ(lines, "hello\nwor\n");
}

TEST(LineSplitter, DoesNotTakeAReturnAtTheEndOfAChunkForALine) {
  LineSplitter splitter;
  std::string lines;
  splitter.feed("one\r", lines);
  splitter.feed("\ntwo\r", lines);
  splitter.feed("three\n", lines);
  EXPECT_EQ(lines, "one\ntwo\nthree\n");
}

TEST(LineSplitter, PassesLinesOfAMegabyte) {
  const std::string line(1U << 20U, 'x');
  EXPECT_EQ(split_whole(line + "\n" + line), line + "\n" + line + "\n");
}

TEST(LineSplitter, CutsALineThatHasNoEnd) {
  const std::string most(LineSplitter::longest_line, 'x');
  EXPECT_EQ(split_whole(most + "\n"), most + "\n");
  EXPECT_EQ(split_whole(most + "yz\n"), most + "\nyz\n");
}

// Wherever pipes cut the bytes, the lines are the same.
TEST(LineSplitter, GivesTheSameLinesForEveryWayToCutTheBytes) {
  std::mt19937 random(20240917);
  constexpr std::string_view alphabet("ab\n\r\n\r\0\xff", 8);
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (auto size = random() % 40; size > 0; --size) text += alphabet[random() % alphabet.size()];
    LineSplitter splitter;
    std::string lines;
    for (std::string_view rest = text; !rest.empty();) {
      const std::size_t size = std::min<std::size_t>(rest.size(), 1 + random() % 4);
      splitter.feed(rest.substr(0, size), lines);
      rest.remove_prefix(size);
    }
    splitter.finish(lines);
    ASSERT_EQ(lines, split_whole(text)) << testing::PrintToString(text);
    // Nothing but ends of lines is changed.
    const auto without_ends = [](std::string bytes) {
      std::erase_if(bytes, [](char c) { return c == '\n' || c == '\r'; });
      return bytes;
    };
    ASSERT_EQ(without_ends(lines), without_ends(text));
    ASSERT_TRUE(lines.empty() || lines.back() == '\n');
  }
}

}  // namespace
}  // namespace smlaunch
