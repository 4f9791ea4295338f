// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/asked_looks.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "tests/launcher/process/fake_loop.hpp"

namespace smlaunch {
namespace {

RankInspected told(int rank, bool more_comes, const char* frame = "") {
  RankInspected made;
  made.rank = Rank{rank};
  made.state.more_comes = more_comes;
  if (*frame != '\0') made.state.processes.emplace_back().python_stack = {frame};
  return made;
}

struct Asking {
  FakeLoop loop;
  AskedLooks looks{loop};
  std::optional<AskedLooks::Looks> answer;

  Asking() {
    EXPECT_EQ(
        looks.begin({Rank{0}, Rank{1}}, [this](const AskedLooks::Looks& made) { answer = made; }).size(), 2U);
  }
};

TEST(AskedLooks, WaitForTheStacksThatComeAfterTheFirstWord) {
  Asking asking;
  asking.looks.heard(told(0, true));
  asking.looks.heard(told(1, true));
  EXPECT_FALSE(asking.answer);
  asking.looks.heard(told(0, false, "train.py:5 in load"));
  asking.looks.heard(told(1, false, "train.py:8 in all_reduce"));
  ASSERT_TRUE(asking.answer);
  EXPECT_EQ(asking.answer->at(Rank{0}).state.processes[0].python_stack,
            std::vector<std::string>{"train.py:5 in load"});
}

TEST(AskedLooks, TellTheFirstWordOfARankWhoseStacksDoNotComeInTime) {
  Asking asking;
  asking.looks.heard(told(0, true));
  asking.loop.run();
  ASSERT_TRUE(asking.answer);
  EXPECT_EQ(asking.answer->size(), 1U);
  EXPECT_TRUE(asking.answer->contains(Rank{0}));
}

TEST(AskedLooks, DoNotWaitForARankThatHasEnded) {
  Asking asking;
  asking.looks.heard(told(0, false));
  RankEnded ended;
  ended.rank = Rank{1};
  asking.looks.heard(ended);
  ASSERT_TRUE(asking.answer);
  EXPECT_EQ(asking.answer->size(), 1U);
}

}  // namespace
}  // namespace smlaunch
