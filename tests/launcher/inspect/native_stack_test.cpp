// SPDX-License-Identifier: Apache-2.0
#include "launcher/inspect/native_stack.hpp"

#include <gtest/gtest.h>

#include "launcher/inspect/take_native_stacks.hpp"

namespace smlaunch {
namespace {

using Threads = std::vector<NativeThread>;
using Stacks = std::vector<NativeStack>;

TEST(NativeStack, OfPySpyHasPythonsFramesAmongTheOthers) {
  EXPECT_EQ(parse_py_spy_threads("Process 20556: /usr/bin/python3 train.py\n"
                                 "Python v3.11.2 (/usr/bin/python3.11)\n\n"
                                 "Thread 20556 (idle): \"MainThread\"\n"
                                 "    clock_nanosleep (libc.so.6)\n"
                                 "    <module> (/opt/ml/code/train.py:4)\n"
                                 "    0x7f020d41a24a (libc.so.6)\n"
                                 "Thread 20582 (idle): \"Thread-1 (<lambda>)\"\n"
                                 "    Thread.run (threading.py:975)\n"
                                 "Thread 0x7F (active)\n"),
            (Threads{{20556, {"libc.so.6 in clock_nanosleep", "train.py:4 in <module>", "libc.so.6 in ??"}},
                     {20582, {"threading.py:975 in Thread.run"}}}));
}

TEST(NativeStack, OfEuStackNamesTheLibraryAndLeavesOutVersions) {
  EXPECT_EQ(
      parse_eu_stack(
          "PID 20556 - process\n"
          "TID 20556:\n"
          "#0  0x00007f020d4c2545 clock_nanosleep@GLIBC_2.2.5 - /usr/lib/x86_64-linux-gnu/libc.so.6\n"
          "#1  0x00000000005d64b4 - /usr/bin/python3.11\n"
          "TID 20582:\n"
          "#0  0x00007f020d4fc8ec gloo::Pair::recv(std::string const&) - /usr/lib/libgloo.so\n"
          "#1  0x00007f020d4fc8ec __libc_start_main@@GLIBC_2.34\n"
          "#10 0x0000000000627d37\n"),
      (Threads{{20556, {"libc.so.6 in clock_nanosleep", "python3.11 in ??"}},
               {20582, {"libgloo.so in gloo::Pair::recv(std::string const&)", "__libc_start_main", "??"}}}));
}

TEST(NativeStack, OfGdbNamesTheLineOrTheLibraryAndLeavesOutArguments) {
  EXPECT_EQ(
      parse_gdb_threads(
          "[New LWP 20582]\n"
          "__GI___clock_nanosleep (clock_id=...) at ../sysdeps/unix/sysv/linux/clock_nanosleep.c:71\n\n"
          "Thread 2 (Thread 0x7f020d1376c0 (LWP 20582) \"python3\"):\n"
          "#0  0x00007f020d4c2545 in std::function<void (int)>::operator()(int) const (this=..., a=...) from "
          "/usr/lib/libtorch_cpu.so\n"
          "#1  0x00000000005d64b4 in ?? ()\n"
          "(More stack frames follow...)\n\n"
          "Thread 1 (Thread 0x7f020d3f2040 (LWP 20556) \"python3\"):\n"
          "#0  __GI___clock_nanosleep (clock_id=..., flags=...) at ../sysdeps/unix/clock_nanosleep.c:71\n"
          "#1  0x00007f020d41a305 in main () at ring.cpp:9\n"
          "[Inferior 1 (process 20556) detached]\n"),
      (Threads{{20582, {"libtorch_cpu.so in std::function<void (int)>::operator()(int) const", "??"}},
               {20556, {"clock_nanosleep.c:71 in __GI___clock_nanosleep", "ring.cpp:9 in main"}}}));
}

TEST(NativeStack, OfAnotherTextIsEmpty) {
  for (const auto parse : {parse_py_spy_threads, parse_eu_stack, parse_gdb_threads})
    for (const char* text : {"", "\n\n", "ptrace: Operation not permitted.\n#0  f ()\n",
                             "Thread 5:\nTID 5:\n", "Error: Permission Denied\n"})
      EXPECT_EQ(parse(text), Threads{}) << text;
}

TEST(NativeStack, IsBoundedWhateverATextSays) {
  std::string text = "TID 1:\n";
  for (int i = 0; i < 100; ++i) text += "#0  0x1 " + std::string(1000, 'f') + "\n";
  const Threads threads = parse_eu_stack(text);
  ASSERT_EQ(threads.size(), 1U);
  EXPECT_EQ(threads[0].frames.size(), most_native_frames);
  EXPECT_EQ(threads[0].frames[0].size(), most_in_native_frame);
  Threads many;
  for (int i = 0; i < 100; ++i) many.push_back({i, {std::to_string(i)}});
  EXPECT_EQ(join_threads(many, 0).size(), most_native_stacks);
}

TEST(NativeStack, OfTheMainThreadComesFirstThenWhereMostThreadsStand) {
  EXPECT_EQ(join_threads({{3, {"a"}}, {4, {"b"}}, {5, {"b"}}, {1, {"main"}}, {6, {"c", "d"}}}, 1),
            (Stacks{{1, {"main"}}, {2, {"b"}}, {1, {"a"}}, {1, {"c", "d"}}}));
  EXPECT_EQ(join_threads({{3, {"b"}}, {1, {"b"}}}, 1), (Stacks{{2, {"b"}}}));
  EXPECT_EQ(join_threads({}, 1), Stacks{});
}

TEST(NativeStack, ItsSourceIsReadAsItIsWritten) {
  for (const NativeSource each : {NativeSource::nobody, NativeSource::py_spy, NativeSource::eu_stack,
                                  NativeSource::gdb, NativeSource::kernel})
    EXPECT_EQ(parse_native_source(to_string(each)), each);
  EXPECT_EQ(parse_native_source("the moon"), NativeSource::nobody);
}

TEST(MayBeTraced, AsTheKernelAllowsIt) {
  constexpr std::uint64_t all = ~std::uint64_t{0};
  constexpr std::uint64_t others = all ^ std::uint64_t{1} << 19U;
  struct Case {
    bool is_own;
    std::uint64_t capabilities;
    int yama_scope;
    bool may;
  };
  for (const Case& each : {Case{true, 0, 0, true},
                           {true, 0, 1, false},
                           {true, 0, 2, false},
                           {true, 0, 3, false},
                           {false, 0, 0, false},
                           {false, others, 0, false},
                           {false, all, 0, true},
                           {true, others, 1, false},
                           {true, all, 1, true},
                           {false, all, 2, true},
                           {true, all, 3, false}})
    EXPECT_EQ(may_be_traced(each.is_own, each.capabilities, each.yama_scope), each.may)
        << each.is_own << " " << each.capabilities << " " << each.yama_scope;
}

TEST(MayBeTraced, CapabilitiesAreReadFromTheStatus) {
  EXPECT_EQ(parse_capabilities("CapPrm:\t00000000ffffffff\nCapEff:\t0000000000080000\nCapBnd:\t1\n"),
            0x80000U);
  EXPECT_EQ(parse_capabilities("Name:\tCapEff\n"), 0U);
  EXPECT_EQ(parse_capabilities("CapEff:\tmoon\n"), 0U);
}

}  // namespace
}  // namespace smlaunch
