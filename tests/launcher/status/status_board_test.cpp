// SPDX-License-Identifier: Apache-2.0
#include "launcher/status/status_board.hpp"

#include <gtest/gtest.h>

#include <future>
#include <string>
#include <thread>
#include <utility>

namespace smlaunch {
namespace {

JobStatus named(const std::string& id) {
  JobStatus status;
  status.id = id;
  return status;
}

TEST(StatusBoard, KeepsWhatWasNoted) {
  StatusBoard board(named("a"));
  board.note([](JobStatus& status) { status.restarts = 3; });
  EXPECT_EQ(board.noted().id, "a");
  EXPECT_EQ(board.noted().restarts, 3);
  EXPECT_EQ(board.ask({}).restarts, 3) << "no loop runs";
}

TEST(StatusBoard, AsksTheLoopForWhatIsWished) {
  StatusBoard board(named("noted"));
  StatusWish wished;
  board.set_source([&wished](const StatusWish& wish, const StatusBoard::Answer& answer) {
    wished = wish;
    answer(named("told"));
  });
  EXPECT_EQ(board.ask({.ranks = true, .stacks = true}).id, "told");
  EXPECT_TRUE(wished.ranks && wished.stacks);
  board.set_source({});
  EXPECT_EQ(board.ask({}).id, "noted");
}

TEST(StatusBoard, ALoopThatEndsOrAJobThatIsOverLetsNobodyWait) {
  for (const bool closes : {false, true}) {
    StatusBoard board(named("noted"));
    std::promise<void> is_asked;
    StatusBoard::Answer late;
    board.set_source([&](const StatusWish&, StatusBoard::Answer answer) {
      late = std::move(answer);
      is_asked.set_value();
    });
    std::string id;
    std::thread asks([&] { id = board.ask({.stacks = true}).id; });
    is_asked.get_future().wait();
    if (closes)
      board.close();
    else
      board.set_source({});
    asks.join();
    EXPECT_EQ(id, "noted");
    late(named("late"));  // to nobody
    EXPECT_EQ(board.ask({}).id, "noted") << "nobody answers any more";
  }
}

}  // namespace
}  // namespace smlaunch
