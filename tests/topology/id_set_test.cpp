// SPDX-License-Identifier: Apache-2.0
#include "topology/id_set.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace smlaunch {
namespace {

TEST(IdSet, IsWrittenAsRanges) {
  const std::vector<std::pair<IdSet, const char*>> cases = {{{}, ""},
                                                            {{7}, "7"},
                                                            {{0, 1}, "0-1"},
                                                            {{0, 1, 2, 8}, "0-2,8"},
                                                            {{0, 2, 4}, "0,2,4"},
                                                            {{1, 2, 4, 5}, "1-2,4-5"}};
  for (const auto& [ids, text] : cases) {
    EXPECT_EQ(to_string(ids), text);
    EXPECT_EQ(parse_id_set(text), ids) << text;
  }
}

TEST(IdSet, IsReadInAnyOrderAndWithRepetitions) {
  const std::vector<std::pair<const char*, IdSet>> cases = {{"8,0-2", {0, 1, 2, 8}},
                                                            {"3,3,3", {3}},
                                                            {"0-4,2-6", {0, 1, 2, 3, 4, 5, 6}},
                                                            {"5-5", {5}},
                                                            {"007", {7}},
                                                            {"4-6,0-9,5", {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
                                                            {"1048575", {1048575}}};
  for (const auto& [text, ids] : cases) EXPECT_EQ(parse_id_set(text), ids) << text;
  EXPECT_EQ(parse_id_set("3-7", 7), (IdSet{3, 4, 5, 6, 7}));
  EXPECT_EQ(parse_id_set("3-8", 7), std::nullopt);
}

TEST(IdSet, NothingElseIsRead) {
  for (const char* text : {"a", "1,", ",1", "1,,2", "2-1", "-1", "1-", "1-2-3", "1 ", " 1", "+1", "0x3",
                           "1048576", "0-1048576", "99999999999999999999", "1.5", "0-3\n"}) {
    EXPECT_EQ(parse_id_set(text), std::nullopt) << text;
  }
}

TEST(IdSet, OverlappingRangesCostNoMoreThanTheirUnion) {
  std::string text = "0-1048575";
  for (int i = 0; i < 10'000; ++i) text += ",0-1048575";
  const auto ids = parse_id_set(text);
  ASSERT_TRUE(ids.has_value());
  EXPECT_EQ(ids->size(), 1'048'576U);
}

TEST(IdSet, SetsAreCutAndJoined) {
  EXPECT_EQ(intersection({0, 1, 2}, {1, 2, 3}), (IdSet{1, 2}));
  EXPECT_EQ(intersection({0}, {}), IdSet{});
  EXPECT_EQ(united({0, 2}, {1, 2, 3}), (IdSet{0, 1, 2, 3}));
  EXPECT_EQ(without({0, 2, 5}, {1, 2, 3}), (IdSet{0, 5}));
  EXPECT_EQ(without({0, 2}, {}), (IdSet{0, 2}));
}

}  // namespace
}  // namespace smlaunch
