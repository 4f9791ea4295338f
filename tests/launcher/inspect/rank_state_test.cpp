// SPDX-License-Identifier: Apache-2.0
#include "launcher/inspect/rank_state.hpp"

#include <gtest/gtest.h>

#include <csignal>

#include "launcher/process/proc_stat.hpp"

namespace smlaunch {
namespace {

using Strings = std::vector<std::string>;

TEST(PySpyDump, GivesTheMainThreadInnermostFirst) {
  EXPECT_EQ(parse_py_spy_dump("Process 12: python3 train.py\nPython v3.11.2 (/usr/bin/python3.11)\n\n"
                              "Thread 12 (idle): \"MainThread\"\n"
                              "    wait (threading.py:327)\n"
                              "    all_reduce (torch/distributed/distributed_c10d.py:1320)\n"
                              "    <module> (train.py:40)\n"
                              "Thread 15 (active): \"Thread-1\"\n"
                              "    run (worker.py:3)\n"),
            (Strings{"threading.py:327 in wait", "distributed_c10d.py:1320 in all_reduce",
                     "train.py:40 in <module>"}));
}

TEST(PySpyDump, FindsTheMainThreadWhereverItStands) {
  EXPECT_EQ(parse_py_spy_dump("Thread 15 (active): \"Thread-1\"\n    run (worker.py:3)\n"
                              "Thread 12 (idle): \"MainThread\"\n    f (a.py:1)\n"),
            Strings{"a.py:1 in f"});
  EXPECT_EQ(parse_py_spy_dump("Thread 0x7F (active)\n    run (worker.py:3)\n"),
            Strings{"worker.py:3 in run"});
}

TEST(PySpyDump, OfSomethingElseIsEmpty) {
  EXPECT_EQ(parse_py_spy_dump("Error: Permission Denied: Try running again with elevated permissions\n"),
            Strings{});
  EXPECT_EQ(parse_py_spy_dump(""), Strings{});
}

TEST(Faulthandler, GivesTheThreadThatTookTheSignal) {
  EXPECT_EQ(parse_faulthandler({"loss 0.5", "Thread 0x00007f0a (most recent call first):",
                                "  File \"/usr/lib/python3.11/threading.py\", line 327 in wait", "",
                                "Current thread 0x00007f0b (most recent call first):",
                                "  File \"/opt/ml/code/a \"quoted\".py\", line 5 in load",
                                "  File \"/opt/ml/code/train.py\", line 9 in <module>", "loss 0.4"}),
            (Strings{"a \"quoted\".py:5 in load", "train.py:9 in <module>"}));
}

TEST(Faulthandler, OfADeadlySignalEndsAtTheFrames) {
  EXPECT_EQ(parse_faulthandler(
                {"Fatal Python error: Aborted", "", "Current thread 0x00007f0b (most recent call first):",
                 "  File \"train.py\", line 9 in <module>", "", "Extension modules: numpy (total: 1)"}),
            Strings{"train.py:9 in <module>"});
  EXPECT_EQ(parse_faulthandler({"no such thing"}), Strings{});
}

TEST(PlaceInWords, PrefersThePythonFrame) {
  RankState state;
  EXPECT_EQ(place_in_words(state), "gone");
  state.processes = {{12, "python3", 'S', 1, "futex_wait", {}, {}}};
  EXPECT_EQ(place_in_words(state), "sleeping in futex_wait");
  state.processes[0].wait_channel.clear();
  state.processes[0].state = 'R';
  EXPECT_EQ(place_in_words(state), "running");
  state.processes.push_back({13, "python3", 'S', 1, "", {}, {"a.py:1 in f", "b.py:2 in g"}});
  state.primary = 1;
  EXPECT_EQ(place_in_words(state), "a.py:1 in f");
}

TEST(ProcStat, ReadsANameWithAnythingInIt) {
  const auto stat =
      parse_proc_stat("12 (a) b (c) S 7 12 12 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 9 0 1 2 3\n", 100);
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->name, "a) b (c");
  EXPECT_EQ(stat->state, 'S');
  EXPECT_EQ(stat->parent, 7);
  EXPECT_EQ(stat->threads, 9);
  EXPECT_EQ(stat->cpu_seconds, 3.0);
  EXPECT_FALSE(stat->is_ending);
  const auto ending =
      parse_proc_stat("12 (a) R 7 12 12 0 -1 4194564 100 0 0 0 250 50 0 0 20 0 9 0 1 2 3\n", 100);
  ASSERT_TRUE(ending);
  EXPECT_TRUE(ending->is_ending);
}

TEST(ProcStat, OfSomethingElseIsNothing) {
  for (const char* text : {"", "12", "12 (x", "12 )x( S 1", "12 (x) S", "12 (x) S a b c"})
    EXPECT_FALSE(parse_proc_stat(text, 100)) << text;
}

}  // namespace
}  // namespace smlaunch
