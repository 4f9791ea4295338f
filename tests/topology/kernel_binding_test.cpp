// SPDX-License-Identifier: Apache-2.0
// What binds does so in a child of its own, so that the test program stays as it was.
#include "topology/kernel_binding.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <latch>
#include <thread>

#include "topology/probe_machine.hpp"

namespace smlaunch {
namespace {

bool holds_in_a_child(const std::function<bool()>& holds) {
  const pid_t child = fork();
  if (child == 0) _exit(holds() ? 0 : 1);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(KernelBinding, OwnCpusAreThoseThatHwlocSees) {
  const auto machine = probe_machine({false});
  ASSERT_TRUE(machine.has_value());
  EXPECT_EQ(own_cpus(), allowed_cpus(*machine));
}

TEST(KernelBinding, ThreadsThatAreThereAlreadyAreBoundToo) {
  const IdSet last = {own_cpus().back()};
  EXPECT_TRUE(holds_in_a_child([&] {
    std::latch there(2);
    std::latch bound(1);
    IdSet of_other;
    std::thread other([&] {
      there.arrive_and_wait();
      bound.wait();
      of_other = own_cpus();
    });
    there.arrive_and_wait();
    const bool is_done = bind_own_cpus(last);
    bound.count_down();
    other.join();
    return is_done && own_cpus() == last && of_other == last;
  }));
}

TEST(KernelBinding, CpusThatAreNotThereAreRefusedAndNothingChanges) {
  const IdSet before = own_cpus();
  for (const IdSet& cpus : {IdSet{100'000}, IdSet{}})
    EXPECT_TRUE(holds_in_a_child([&] { return !bind_own_cpus(cpus) && own_cpus() == before; }));
}

// A container may forbid it: then it is refused, and nothing changes.
TEST(KernelBinding, MemoryThatIsPreferredIsReadBack) {
  const auto usable = usable_memory();
  if (!usable) GTEST_SKIP() << "this kernel does not tell which nodes have memory";
  ASSERT_FALSE(usable->empty());
  const IdSet first = {usable->front()};
  EXPECT_TRUE(holds_in_a_child([&] {
    const IdSet before = own_memory();
    const IdSet expected = prefer_own_memory(first) ? first : before;
    return own_memory() == expected;
  }));
  EXPECT_TRUE(holds_in_a_child([] { return !prefer_own_memory({1000}) && own_memory().empty(); }));
}

TEST(KernelBinding, UsableMemoryIsWhatHasMemoryAndMayBeTaken) {
  const struct {
    const char* has_memory;
    const char* status;
    std::optional<IdSet> usable;
  } cases[] = {
      {"0\n", "Name:\tx\nMems_allowed:\t1\nMems_allowed_list:\t0\nvoluntary_ctxt_switches:\t1\n", IdSet{0}},
      {"0-1,8\n", "Mems_allowed_list:\t1-1023\n", IdSet{1, 8}},
      {"0-1", "Mems_allowed_list: 0", IdSet{0}},
      {"0", "Mems_allowed_list:\t1\n", IdSet{}},
      {"", "Mems_allowed_list:\t0\n", std::nullopt},  // there is no such file
      {"0\n", "Name:\tx\n", std::nullopt},
      {"0\n", "Mems_allowed_list:\tmany\n", std::nullopt},
      {"0-4096\n", "Mems_allowed_list:\t0\n", std::nullopt}};  // more than a kernel can have
  for (const auto& each : cases)
    EXPECT_EQ(parse_usable_memory(each.has_memory, each.status), each.usable)
        << each.has_memory << each.status;
}

}  // namespace
}  // namespace smlaunch
