// SPDX-License-Identifier: Apache-2.0
#include "launcher/agent/rank_streams.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <vector>

namespace smlaunch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    read = UniqueFd(ends[0]);
    write = UniqueFd(ends[1]);
  }
  void say(const std::string& text) const {
    EXPECT_EQ(::write(write.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  UniqueFd read;
  UniqueFd write;
};

// A rank that is only the other ends of its pipes.
struct DrivenStreams {
  DrivenStreams() { streams.open(std::move(out.read), std::move(err.read)); }
  void poll() {
    loop.restart();
    loop.poll();
  }

  boost::asio::io_context loop;
  Pipe out;
  Pipe err;
  bool has_room = true;
  int drained = 0;
  std::vector<std::string> lines;
  RankStreams streams{
      loop,
      {[this](bool is_stderr, const std::string& text) { lines.push_back((is_stderr ? "2:" : "1:") + text); },
       [this] { return has_room; }, [this] { ++drained; }}};
};

TEST(RankStreams, TellsWholeLinesOfEachStream) {
  DrivenStreams rank;
  rank.out.say("one\ntw");
  rank.poll();
  rank.out.say("o\n");
  rank.err.say("three\n");
  rank.poll();
  EXPECT_THAT(rank.lines, testing::UnorderedElementsAre("1:one\n", "1:two\n", "2:three\n"));
}

TEST(RankStreams, AreDrainedWhenTheRankHasEndedAndBothAreAtTheirEndAndNotBefore) {
  DrivenStreams rank;
  rank.out.say("no newline");
  rank.out.write.reset();
  rank.err.write.reset();
  rank.poll();
  EXPECT_THAT(rank.lines, ElementsAre("1:no newline\n"));
  EXPECT_EQ(rank.drained, 0);
  rank.streams.rank_ended();
  EXPECT_EQ(rank.drained, 1);

  DrivenStreams slow;
  slow.err.write.reset();
  slow.streams.rank_ended();
  slow.poll();
  EXPECT_EQ(slow.drained, 0);
  slow.out.say("last\n");
  slow.out.write.reset();
  slow.loop.restart();
  slow.loop.run();
  EXPECT_THAT(slow.lines, ElementsAre("1:last\n"));
  EXPECT_EQ(slow.drained, 1);
}

TEST(RankStreams, DoNotWaitForProcessesThatTheRankHasLeftRunningAndStillReadThem) {
  DrivenStreams rank;
  rank.out.say("last, and no newline");
  rank.streams.rank_ended();
  while (rank.drained == 0) rank.loop.run_one();
  EXPECT_THAT(rank.lines, ElementsAre("1:last, and no newline\n"));
  rank.err.say("left running\n");
  rank.poll();
  EXPECT_THAT(rank.lines, ElementsAre("1:last, and no newline\n", "2:left running\n"));
  rank.out.write.reset();
  rank.err.write.reset();
  rank.poll();
  EXPECT_EQ(rank.drained, 1);
}

TEST(RankStreams, HoldTheRankBackWhileThereIsNoRoomAndLoseNothing) {
  DrivenStreams rank;
  rank.has_room = false;
  rank.out.say("one\n");
  rank.poll();  // the read that was under way
  rank.out.say("two\n");
  rank.poll();
  EXPECT_THAT(rank.lines, ElementsAre("1:one\n"));
  rank.streams.resume();
  rank.poll();
  EXPECT_THAT(rank.lines, ElementsAre("1:one\n"));
  rank.has_room = true;
  rank.streams.resume();
  rank.poll();
  EXPECT_THAT(rank.lines, ElementsAre("1:one\n", "1:two\n"));
}

TEST(RankInput, WritesEachTextOnceHoweverOftenItIsTold) {
  boost::asio::io_context loop;
  Pipe pipe;
  RankInput input(loop);
  input.take({1, "before it is open\n"});
  input.open(std::move(pipe.write));
  input.take({1, "one\n"});
  input.take({1, "one\n"});
  input.take({2, "two\n"});
  loop.poll();
  std::array<char, 64> bytes{};
  EXPECT_EQ(std::string(bytes.data(), static_cast<std::size_t>(read(pipe.read.get(), bytes.data(), 64))),
            "one\ntwo\n");
}

}  // namespace
}  // namespace smlaunch
