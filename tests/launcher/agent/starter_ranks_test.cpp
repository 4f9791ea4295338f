// SPDX-License-Identifier: Apache-2.0
#include "launcher/agent/starter_ranks.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/process/child_process.hpp"
#include "launcher/process/proc_stat.hpp"

namespace smlaunch {
namespace {

using ::testing::ElementsAre;

TEST(StarterSeats, AreToldAndUnderstood) {
  const StarterSeats seats{.agent = 77,
                           .first_rank = 8,
                           .word = 4,
                           .seats = {{.out = 5, .err = 6, .watched = 9, .cpus = "0-3,8", .numa = "0"},
                                     {.out = 7, .err = 8, .watched = 10, .cpus = "", .numa = ""}}};
  EXPECT_EQ(encode(seats), "77 8 4;5 6 9 0-3,8 0;7 8 10  ");
  EXPECT_EQ(decode_seats(encode(seats)), seats);
  for (const char* other : {"", "77", "77 8", "77 x 4", "-1 0 4", "77 8 4;5", "77 8 4;5 6 9 0-3",
                            "77 8 4;x 6 9 0 0", "77 8 4;5 6 x 0 0", "77 8 4;5 6 9 0 0 0"})
    EXPECT_FALSE(decode_seats(other)) << other;
}

TEST(StarterWord, IsSaidAndUnderstood) {
  EXPECT_EQ(encode(StarterWord{.rank = 8, .pid = 77}), "8 77");
  EXPECT_EQ(decode_word("8 77"), (StarterWord{.rank = 8, .pid = 77}));
  for (const char* other : {"", "8", "8 0", "8 -1", "x 77", "8 77 9"})
    EXPECT_FALSE(decode_word(other)) << other;
}

TEST(StarterRanks, AreStartedAgainOnlyWhereTheEnvironmentSaysSo) {
  EXPECT_FALSE(starts_ranks_again({}));
  EXPECT_FALSE(starts_ranks_again({{"PET_MAX_RESTARTS", "0"}, {"PET_NNODES", "2"}}));
  for (const char* value : {"1", "3", "", "many"})
    EXPECT_TRUE(starts_ranks_again({{"PET_MAX_RESTARTS", value}})) << value;
}

struct Ranks {
  explicit Ranks(int count) {
    seats.first_rank = 4;
    seats.seats.resize(static_cast<std::size_t>(count));
    EXPECT_TRUE(ranks.open(seats));
  }
  // As a rank does it.
  [[nodiscard]] UniqueFd take(int fd, int how = O_WRONLY) const {
    return UniqueFd(open(fmt::format("/proc/{}/fd/{}", seats.agent, fd).c_str(), how | O_CLOEXEC));
  }
  void say(int rank, int pid) {
    const UniqueFd word = take(seats.word);
    const std::string said = encode(StarterWord{.rank = rank, .pid = pid}) + "\n";
    EXPECT_EQ(write(word.get(), said.data(), said.size()), static_cast<ssize_t>(said.size()));
  }
  void poll() {
    loop.restart();
    loop.poll();
  }
  boost::asio::io_context loop;
  std::vector<std::string> heard;
  std::vector<std::string> told;
  int drained = 0;
  StarterSeats seats;
  StarterRanks ranks{loop,
                     {.lines =
                          [this](int rank, bool is_stderr, const std::string& lines) {
                            heard.push_back(fmt::format("{}{}: {}", rank, is_stderr ? " err" : "", lines));
                          },
                      .has_room = [] { return true; },
                      .drained = [this] { ++drained; },
                      .told =
                          [this](const StarterRankNews& news) {
                            told.push_back(fmt::format("{} {}", news.rank,
                                                       !news.has_ended ? "begins"
                                                       : news.status   ? to_string(*news.status)
                                                                       : "ended unseen"));
                          }}};
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

// A process that ends with 7 when it is let go.
struct OfStarter {
  OfStarter() {
    int go[2];
    EXPECT_EQ(pipe2(go, O_CLOEXEC), 0);
    pid = fork();
    if (pid == 0) {
      char byte = 0;
      close(go[1]);
      (void)!read(go[0], &byte, 1);
      _exit(7);
    }
    close(go[0]);
    let_go = UniqueFd(go[1]);
  }
  void end() {
    let_go.reset();
    siginfo_t info{};
    waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);
  }
  int pid = 0;
  UniqueFd let_go;
};

TEST(StarterRanks, SayWhoTheyAreAndTheKernelSaysHowTheyEnd) {
  Ranks of(2);
  OfStarter rank;
  const UniqueFd word = of.take(of.seats.word);
  const std::string said = fmt::format("{}\nnoise\n{}\n", encode(StarterWord{.rank = 5, .pid = rank.pid}),
                                       encode(StarterWord{.rank = 6, .pid = rank.pid}));
  EXPECT_EQ(write(word.get(), said.data(), said.size()), static_cast<ssize_t>(said.size()));
  of.loop.poll();
  EXPECT_THAT(of.told, ElementsAre("5 begins"));
  rank.end();
  of.loop.restart();
  of.loop.poll();
  EXPECT_THAT(of.told, ElementsAre("5 begins", "5 exited with code 7"));
  waitpid(rank.pid, nullptr, 0);
}

TEST(StarterRanks, AnEndThatTheStarterHasTakenAwayIsUnseenUntilTheStarterTellsIt) {
  Ranks of(1);
  OfStarter rank;
  rank.end();
  waitpid(rank.pid, nullptr, 0);
  of.say(4, rank.pid);
  of.poll();
  EXPECT_THAT(of.told, ElementsAre("4 begins", "4 ended unseen"));
  of.ranks.starter_said({.pid = rank.pid + 1, .status = Exited{3}});
  EXPECT_EQ(of.told.size(), 2U);
  for (int times = 0; times < 2; ++times) of.ranks.starter_said({.pid = rank.pid, .status = Exited{7}});
  EXPECT_THAT(of.told, ElementsAre("4 begins", "4 ended unseen", "4 exited with code 7"));
}

TEST(StarterRanks, WaitUntilTheyAreWatchedAndTheNextOneDoesNotTakeTheWordOfTheLast) {
  Ranks of(2);
  const UniqueFd watched = of.take(of.seats.seats[1].watched, O_RDONLY);
  pollfd look{.fd = watched.get(), .events = POLLIN, .revents = 0};
  OfStarter rank;
  EXPECT_EQ(::poll(&look, 1, 0), 0);
  for (int times = 0; times < 2; ++times) {
    of.say(5, rank.pid);
    of.poll();
    EXPECT_EQ(::poll(&look, 1, 0), 1);
  }
  char bytes[4];
  EXPECT_EQ(read(watched.get(), bytes, sizeof bytes), 1);
  EXPECT_EQ(::poll(&look, 1, 0), 0);
  rank.end();
  waitpid(rank.pid, nullptr, 0);
}

// As where torchrun looks for its ranks the moment one of them has ended.
TEST(StarterRanks, AWatchedRankIsNotMissedThoughItsStarterTakesItAwayAtOnce) {
  Ranks of(1);
  OfStarter rank;
  of.say(4, rank.pid);
  of.poll();
  rank.end();
  const UniqueFd pidfd = open_pidfd(rank.pid);
  waitpid(rank.pid, nullptr, 0);
  if (!read_end_status_kept(pidfd.get()))
    GTEST_SKIP() << "this kernel keeps no end of a process (Linux 6.15 does)";
  of.poll();
  EXPECT_THAT(of.told, ElementsAre("4 begins", "4 exited with code 7"));
}

TEST(StarterRanks, AnEndIsToldBeforeThatOfTheStarterThoughBothAreSeenAtOnce) {
  Ranks of(1);
  OfStarter rank;
  {
    const UniqueFd word = of.take(of.seats.word);
    const std::string said = encode(StarterWord{.rank = 4, .pid = rank.pid}) + "\n";
    EXPECT_EQ(write(word.get(), said.data(), said.size()), static_cast<ssize_t>(said.size()));
  }
  of.loop.poll();
  rank.end();
  of.ranks.starter_ended();
  EXPECT_THAT(of.told, ElementsAre("4 begins", "4 exited with code 7"));
  of.loop.restart();
  of.loop.run();
  EXPECT_EQ(of.told.size(), 2U);
  EXPECT_EQ(of.drained, 1);
  waitpid(rank.pid, nullptr, 0);
}

}  // namespace
}  // namespace smlaunch
