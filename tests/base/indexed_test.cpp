// SPDX-License-Identifier: Apache-2.0
#include "base/indexed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <concepts>
#include <string>

namespace smlaunch {
namespace {

struct Row {
  int value = 0;
  auto operator<=>(const Row&) const = default;
};
struct Column {
  int value = 0;
};
using Rows = Indexed<Row, std::string>;

template <class List, class Index>
concept CanBeAsked = requires(List list, Index index) {
  list[index];
};

TEST(Indexed, IsAskedByItsOwnIndexOnly) {
  static_assert(CanBeAsked<Rows, Row>);
  static_assert(!CanBeAsked<Rows, Column>);
  static_assert(!CanBeAsked<Rows, int>);
  const Rows rows = {"a", "b"};
  EXPECT_EQ(rows[Row{1}], "b");
}

TEST(Indexed, TellsAllItsIndicesInOrder) {
  std::vector<Row> seen;
  for (const Row row : Rows(3).indices()) seen.push_back(row);
  EXPECT_THAT(seen, testing::ElementsAre(Row{0}, Row{1}, Row{2}));
  for (const Row row : Rows().indices()) FAIL() << row.value;
}

TEST(Indexed, KnowsWhereTheNextItemComesToBe) {
  Rows rows;
  const Row first = rows.next_index();
  rows.push_back("a");
  EXPECT_EQ(rows[first], "a");
  EXPECT_EQ(rows.next_index(), Row{1});
}

TEST(Indexed, KnowsWhatItHas) {
  const Rows rows(2);
  EXPECT_FALSE(rows.has({-1}));
  EXPECT_TRUE(rows.has({0}));
  EXPECT_TRUE(rows.has({1}));
  EXPECT_FALSE(rows.has({2}));
}

}  // namespace
}  // namespace smlaunch
