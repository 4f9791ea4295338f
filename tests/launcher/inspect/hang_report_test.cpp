// SPDX-License-Identifier: Apache-2.0
#include "launcher/inspect/hang_report.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

RankLook look(int rank, const std::string& host, const std::string& frame, std::optional<double> cores = {}) {
  RankState state;
  state.processes = {{.pid = 100 + rank,
                      .name = "python3",
                      .state = 'S',
                      .threads = 1,
                      .wait_channel = "futex_wait",
                      .kernel_stack = {},
                      .python_stack = {frame}}};
  state.python_source = "py-spy";
  return {.rank = Rank{rank}, .host = host, .state = state, .cores_used = cores};
}
RankLook unheard(int rank, const std::string& host) {
  return {.rank = Rank{rank}, .host = host, .state = {}, .cores_used = {}};
}

std::vector<RankLook> looks(int ranks, const std::string& frame) {
  std::vector<RankLook> all;
  for (int i = 0; i < ranks; ++i) all.push_back(look(i, i < ranks / 2 ? "algo-1" : "algo-2", frame));
  return all;
}

TEST(HangReport, NamesTheRankThatIsElsewhere) {
  auto all = looks(8, "distributed.py:99 in all_reduce");
  all[5] = look(5, "algo-2", "train.py:12 in load");
  EXPECT_EQ(describe_hang(all),
            "rank 5 on algo-2 is elsewhere than the 7 others: train.py:12 in load; they: distributed.py:99 "
            "in all_reduce");
}

TEST(HangReport, NamesTheHostThatTheOddOnesShare) {
  auto all = looks(8, "a.py:1 in f");
  for (const int rank : {4, 5, 6}) all[static_cast<std::size_t>(rank)] = look(rank, "algo-2", "b.py:2 in g");
  EXPECT_EQ(describe_hang(all),
            "ranks 4, 5, 6 on algo-2 are elsewhere than the 5 others: b.py:2 in g; they: a.py:1 in f");
}

TEST(HangReport, SaysWhenAllAreAtOnePlace) {
  EXPECT_EQ(describe_hang(looks(4, "a.py:1 in f")), "all 4 ranks are at one place: a.py:1 in f");
  EXPECT_EQ(describe_hang({look(0, "algo-1", "a.py:1 in f")}), "rank 0: a.py:1 in f");
}

TEST(HangReport, BlamesNobodyWithoutAMajority) {
  auto all = looks(4, "a.py:1 in f");
  all[0] = look(0, "algo-1", "b.py:2 in g");
  all[1] = look(1, "algo-1", "b.py:2 in g");
  EXPECT_EQ(
      describe_hang(all),
      "no place has more than half of the ranks: ranks 0, 1 on algo-1: b.py:2 in g; ranks 2, 3 on algo-2: "
      "a.py:1 in f");
}

TEST(HangReport, NamesRanksThatWereNotHeardOf) {
  auto all = looks(4, "a.py:1 in f");
  all[3] = unheard(3, "algo-2");
  EXPECT_EQ(describe_hang(all),
            "rank 3 on algo-2 is elsewhere than the 3 others: not heard of; they: a.py:1 in f");
}

TEST(HangReport, NamesThoseThatHadEnded) {
  auto all = looks(4, "a.py:1 in f");
  all[1] = {.rank = Rank{1}, .host = "algo-1", .ended = "had exited with code 0 2.0 s after the start"};
  EXPECT_EQ(
      describe_hang(all),
      "rank 1 on algo-1 had exited with code 0 2.0 s after the start; of those that run, all 3 ranks are at "
      "one place: a.py:1 in f");
  EXPECT_EQ(find_odd_ranks(all), std::vector<Rank>{Rank{1}});
  EXPECT_EQ(render_looks(all)[4], "rank 2 on algo-2: a.py:1 in f")
      << "after two lines of rank 0 and one of rank 1";
  all[3] = all[1];
  all[3].rank = Rank{3};
  EXPECT_EQ(describe_hang({all[0], all[1], all[3]}),
            "rank 1 on algo-1 had exited with code 0 2.0 s after the start, and so had 1 other ended; of "
            "those that "
            "run, rank 0: a.py:1 in f");
}

TEST(HangReport, PointsAtThoseThatAreElsewhereThanMost) {
  auto all = looks(4, "a.py:1 in f");
  EXPECT_EQ(find_odd_ranks(all), std::vector<Rank>{});
  all[2] = look(2, "algo-2", "b.py:2 in g");
  EXPECT_EQ(find_odd_ranks(all), std::vector<Rank>{Rank{2}});
  all[0] = look(0, "algo-1", "b.py:2 in g");
  EXPECT_EQ(find_odd_ranks(all), std::vector<Rank>{}) << "no half of them is a majority";
}

TEST(HangReport, TellsTheRanksOfAStarterOneByOne) {
  RankLook torchrun = look(0, "algo-1", "api.py:1 in wait");
  const ProcessState starter = torchrun.state->processes.front();
  EXPECT_EQ(looks_at_ranks(torchrun).size(), 1U) << "nobody knows whose its processes are";
  for (const int rank : {5, 4}) {
    ProcessState process = starter;
    process.rank = rank;
    process.python_stack = {rank == 5 ? "train.py:3 in load" : "train.py:4 in wait"};
    torchrun.state->processes.push_back(process);
  }
  const auto ranks = looks_at_ranks(torchrun);
  ASSERT_EQ(ranks.size(), 2U);
  EXPECT_EQ(ranks[0].rank, Rank{4});
  EXPECT_EQ(ranks[1].rank, Rank{5});
  EXPECT_EQ(
      describe_hang(ranks),
      "no place has more than half of the ranks: rank 4 on algo-1: train.py:4 in wait; rank 5 on algo-1: "
      "train.py:3 in load");
  EXPECT_EQ(looks_at_ranks(unheard(0, "algo-1")).size(), 1U);
}

TEST(HangReport, ShowsEveryProcessOfAStarterAndThatOfItsRanks) {
  RankLook torchrun = look(0, "algo-1", "api.py:1 in wait");
  ProcessState starter = torchrun.state->processes.front();
  starter.name = "torchrun";
  torchrun.state->processes.clear();
  const auto add = [&](int pid, const std::string& name, std::optional<int> rank) {
    ProcessState process = starter;
    process.pid = pid;
    process.name = name;
    process.rank = rank;
    process.python_stack.clear();
    torchrun.state->processes.push_back(process);
  };
  add(1, "torchrun", {});
  add(2, "rank", 4);
  add(3, "rank", 5);
  for (int worker = 0; worker < 6; ++worker) add(10 + worker, "loader", 5);
  add(30, "tracker", {});
  const auto ranks = looks_at_ranks(torchrun);
  ASSERT_EQ(ranks.size(), 2U);
  EXPECT_EQ(ranks[0].state->processes.size(), 3U);
  EXPECT_EQ(ranks[0].of_starter, 2U);
  EXPECT_EQ(ranks[1].state->processes.size(), 7U);
  EXPECT_EQ(ranks[1].of_starter, 0U);
  const auto line = [](const char* name, int pid) {
    return "  " + std::string(name) + " (pid " + std::to_string(pid) + ", 1 thread) S in futex_wait";
  };
  EXPECT_EQ(render_looks(ranks),
            (std::vector<std::string>{"rank 4 on algo-1: sleeping in futex_wait", line("rank", 2),
                                      "what started the ranks on algo-1:", line("torchrun", 1),
                                      line("tracker", 30), "rank 5 on algo-1: sleeping in futex_wait",
                                      line("rank", 3), line("loader", 10), line("loader", 11),
                                      line("loader", 12), "  and 3 more processes"}));
}

TEST(HangReport, TellsWhoWorksFromWhoWaits) {
  std::vector<RankLook> all;
  for (int i = 0; i < 4; ++i) all.push_back(look(i, "algo-1", "a.py:1 in f", i == 2 ? 0.02 : 0.99));
  EXPECT_EQ(describe_hang(all),
            "all 4 ranks are at one place: a.py:1 in f; rank 2 on algo-1 used next to no processor time of "
            "late, the "
            "others did not");
  for (int i = 0; i < 4; ++i) all[static_cast<std::size_t>(i)].cores_used = i == 2 ? 0.97 : 0.01;
  EXPECT_EQ(describe_hang(all),
            "all 4 ranks are at one place: a.py:1 in f; rank 2 on algo-1 kept a core busy of late, the "
            "others did not");
}

TEST(HangReport, DoesNotListAThousandRanks) {
  auto all = looks(1000, "a.py:1 in f");
  for (int i = 0; i < 20; ++i) all[static_cast<std::size_t>(i)] = look(i, "algo-1", "b.py:2 in g");
  EXPECT_EQ(describe_hang(all).substr(0, 60), "ranks 0, 1, 2, 3, 4, 5, 6, 7 and 12 more on algo-1 are elsew");
  const auto lines = render_looks(all);
  EXPECT_LT(lines.size(), 100U);
  EXPECT_EQ(lines.front(), "rank 20 on algo-1: a.py:1 in f");
  EXPECT_EQ(lines.back(), "979 more ranks are not shown");
}

TEST(HangReport, ShowsProcessesAndStacks) {
  auto one = look(3, "algo-2", "train.py:12 in load", 0.5);
  one.state->processes[0].python_stack.emplace_back("train.py:40 in <module>");
  one.state->processes[0].kernel_stack = {"futex_wait_queue", "do_futex"};
  EXPECT_EQ(render_looks({one, unheard(4, "algo-2")}),
            (std::vector<std::string>{
                "rank 3 on algo-2: train.py:12 in load; 0.50 cores busy",
                "  python3 (pid 103, 1 thread) S in futex_wait; kernel: futex_wait_queue < do_futex",
                "    train.py:12 in load  (py-spy)", "    train.py:40 in <module>",
                "rank 4 on algo-2: its agent has not answered"}));
}

TEST(RenderLooks, ShowsNativeStacksBelowPythons) {
  auto all = looks(1, "train.py:12 in load");
  ProcessState& process = all[0].state->processes[0];
  process.native_source = NativeSource::gdb;
  process.native_stacks = {{1, {"libc.so.6 in poll", "send.c:4 in MPI_Send"}}, {3, {"libc.so.6 in futex"}}};
  EXPECT_EQ(render_looks(all), (std::vector<std::string>{
                                   "rank 0 on algo-2: train.py:12 in load",
                                   "  python3 (pid 100, 1 thread) S in futex_wait",
                                   "    train.py:12 in load  (py-spy)",
                                   "    native (gdb): libc.so.6 in poll < send.c:4 in MPI_Send",
                                   "    3 threads, native (gdb): libc.so.6 in futex",
                               }));
}

}  // namespace
}  // namespace smlaunch
