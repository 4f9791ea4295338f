// SPDX-License-Identifier: Apache-2.0
#include "base/indexed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <concepts>
#include <csignal>
#include <string>
#include <utility>

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

TEST(IndexedDeathTest, APositionThatIsNotThereEndsTheProgramInEveryBuild) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  Rows rows(2);
  const Rows empty;
  EXPECT_EXIT((void)rows[Row{2}], testing::KilledBySignal(SIGABRT), "no position 2 in a list of 2");
  EXPECT_EXIT((void)std::as_const(rows)[Row{-1}], testing::KilledBySignal(SIGABRT),
              "no position -1 in a list of 2");
  EXPECT_EXIT((void)empty.front(), testing::KilledBySignal(SIGABRT), "no position 0 in a list of 0");
  EXPECT_EXIT((void)empty.back(), testing::KilledBySignal(SIGABRT), "no position -1 in a list of 0");
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
