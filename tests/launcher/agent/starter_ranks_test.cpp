// SPDX-License-Identifier: Apache-2.0
#include "launcher/agent/starter_ranks.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace smlaunch {
namespace {

using ::testing::ElementsAre;

TEST(StarterSeats, AreToldAndUnderstood) {
  const StarterSeats seats{.agent = 77,
                           .first_rank = 8,
                           .seats = {{.out = 5, .err = 6, .cpus = "0-3,8", .numa = "0"},
                                     {.out = 7, .err = 8, .cpus = "", .numa = ""}}};
  EXPECT_EQ(encode(seats), "77 8;5 6 0-3,8 0;7 8  ");
  EXPECT_EQ(decode_seats(encode(seats)), seats);
  for (const char* other :
       {"", "77", "77 x", "-1 0", "77 8;5", "77 8;5 6 0-3", "77 8;x 6 0 0", "77 8;5 6 0 0 0"})
    EXPECT_FALSE(decode_seats(other)) << other;
}

struct Ranks {
  explicit Ranks(int count) {
    seats.first_rank = 4;
    seats.seats.resize(static_cast<std::size_t>(count));
    EXPECT_TRUE(ranks.open(seats));
  }
  // As a rank does it.
  [[nodiscard]] UniqueFd take(int fd) const {
    return UniqueFd(open(fmt::format("/proc/{}/fd/{}", seats.agent, fd).c_str(), O_WRONLY | O_CLOEXEC));
  }
  boost::asio::io_context loop;
  std::vector<std::string> heard;
  int drained = 0;
  StarterSeats seats;
  StarterRanks ranks{loop,
                     {.lines =
                          [this](int rank, bool is_stderr, const std::string& lines) {
                            heard.push_back(fmt::format("{}{}: {}", rank, is_stderr ? " err" : "", lines));
                          },
                      .has_room = [] { return true; },
                      .drained = [this] { ++drained; }}};
};

TEST(StarterRanks, HaveTheirOwnLinesEvenOneWithoutAnEnd) {
  Ranks of(2);
  {
    const UniqueFd out = of.take(of.seats.seats[1].out);
    const UniqueFd err = of.take(of.seats.seats[0].err);
    ASSERT_TRUE(out.valid() && err.valid());
    EXPECT_EQ(write(out.get(), "a\nb", 3), 3);
    of.loop.poll();
    EXPECT_THAT(of.heard, ElementsAre("5: a\n"));
    EXPECT_EQ(write(err.get(), "why\n", 4), 4);
  }
  EXPECT_EQ(of.drained, 0);
  of.ranks.starter_ended();
  of.loop.restart();
  of.loop.run();
  EXPECT_THAT(of.heard, ::testing::UnorderedElementsAre("5: a\n", "4 err: why\n", "5: b\n"));
  EXPECT_EQ(of.drained, 1);
}

TEST(StarterRanks, ARankThatIsStartedAgainHasThemToo) {
  Ranks of(1);
  for (const char* text : {"1\n", "2\n"}) {
    const UniqueFd out = of.take(of.seats.seats[0].out);
    EXPECT_EQ(write(out.get(), text, 2), 2);
  }
  of.ranks.starter_ended();
  of.loop.run();
  EXPECT_THAT(of.heard, ElementsAre("4: 1\n2\n"));
}

}  // namespace
}  // namespace smlaunch
