// SPDX-License-Identifier: Apache-2.0
#include "base/each_line.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace smlaunch {
namespace {

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  for_each_line(text, [&](std::string_view line) { lines.emplace_back(line); });
  return lines;
}

TEST(EachLine, ComesWithoutItsNewline) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(lines_of(""), Lines());
  EXPECT_EQ(lines_of("one"), Lines({"one"}));
  EXPECT_EQ(lines_of("one\ntwo\n"), Lines({"one", "two"}));
  EXPECT_EQ(lines_of("\n\none\r\n"), Lines({"", "", "one\r"}));
}

}  // namespace
}  // namespace smlaunch
