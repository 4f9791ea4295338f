// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/signal_targets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <csignal>

#include "launcher/process/child_process.hpp"
#include "launcher/process/signal_masks.hpp"

namespace smlaunch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

TreeProcess program(int pid, int parent) { return {pid, parent, false, false, false}; }
TreeProcess catching(int pid, int parent) { return {pid, parent, false, true, false}; }
TreeProcess shell(int pid, int parent, bool catches = false) { return {pid, parent, true, catches, false}; }

TEST(StopTargets, AProgramGetsItAndItsChildrenDoNotWhateverTheyCatch) {
  EXPECT_THAT(find_stop_targets({program(10, 1)}, 10), ElementsAre(10));
  EXPECT_THAT(find_stop_targets({catching(10, 1), catching(11, 10), program(12, 10)}, 10), ElementsAre(10));
  EXPECT_THAT(find_stop_targets({program(10, 1), catching(11, 10)}, 10), ElementsAre(10));
}

TEST(StopTargets, WhatAShellRunsGetsItInsteadOfTheShellAndSoOnDown) {
  EXPECT_THAT(find_stop_targets({shell(10, 1), program(11, 10)}, 10), ElementsAre(11));
  EXPECT_THAT(find_stop_targets({shell(10, 1), program(11, 10), program(12, 10), program(13, 11)}, 10),
              UnorderedElementsAre(11, 12));
  EXPECT_THAT(find_stop_targets({shell(10, 1), shell(11, 10), program(12, 11), catching(13, 12)}, 10),
              ElementsAre(12));
}

TEST(StopTargets, AShellThatCatchesItOrRunsNothingGetsItToo) {
  EXPECT_THAT(find_stop_targets({shell(10, 1, true), program(11, 10)}, 10), UnorderedElementsAre(10, 11));
  EXPECT_THAT(find_stop_targets({shell(10, 1)}, 10), ElementsAre(10));
  EXPECT_THAT(find_stop_targets({shell(10, 1), shell(11, 10)}, 10), ElementsAre(11));
  EXPECT_THAT(find_stop_targets({shell(10, 1), shell(11, 10, true), program(12, 11)}, 10),
              UnorderedElementsAre(11, 12));
}

TEST(StopTargets, AProcessThatIsGoneGetsNothing) {
  EXPECT_THAT(find_stop_targets({program(10, 1)}, 11), IsEmpty());
}

TEST(Hearers, AreTheFirstOnTheWayDownThatCatchItOrWaitForIt) {
  EXPECT_THAT(find_hearers({catching(10, 1), catching(11, 10)}, 10), ElementsAre(10));
  EXPECT_THAT(find_hearers({program(10, 1), catching(11, 10), catching(12, 11), program(13, 10)}, 10),
              ElementsAre(11));
  EXPECT_THAT(find_hearers({shell(10, 1), program(11, 10), {12, 10, false, false, true}}, 10),
              ElementsAre(12));
}

TEST(Hearers, AreNoneWhereEverybodyWouldDieOfIt) {
  EXPECT_THAT(find_hearers({program(10, 1), shell(11, 10), program(12, 11)}, 10), IsEmpty());
}

TEST(SignalMasks, ReadsWhatIsCaughtAndWhatIsBlocked) {
  // SIGUSR1 is 10: bit 9.
  const auto masks =
      parse_signal_masks("Name:\tx\nSigBlk:\t0000000000000800\nSigCgt:\t0000000000000200\nCapInh:\t0\n");
  EXPECT_TRUE(has_signal(masks.caught, SIGUSR1));
  EXPECT_FALSE(has_signal(masks.caught, SIGUSR2));
  EXPECT_TRUE(has_signal(masks.blocked, SIGUSR2));
  EXPECT_TRUE(has_signal(parse_signal_masks("SigCgt:\tffffffffffffffff").caught, 64));
}

TEST(SignalMasks, AreEmptyForAnotherKindOfFile) {
  for (const char* text : {"", "SigCgt:", "SigCgt:\t\n", "SigCgt\t0200\n"})
    EXPECT_EQ(parse_signal_masks(text).caught, 0U) << text;
  EXPECT_FALSE(has_signal(~0ULL, 0));
  EXPECT_FALSE(has_signal(~0ULL, 65));
  EXPECT_EQ(read_signal_masks(-1).caught, 0U);
}

// A script's name is its own, and its file the shell's. Both shells have said that they are there, in this
// order.
TEST(SignalTree, KnowsAShellByItsFileAndWhatItCatches) {
  auto child = spawn_child({.argv = {"sh", "-c", "trap : USR1; sh -c 'echo; read -r _; :' || :"},
                            .environment = own_environment(),
                            .working_directory = {},
                            .death_signal = SIGKILL,
                            .has_input = true});
  ASSERT_TRUE(child);
  char byte = 0;
  ASSERT_EQ(read(child->stdout_pipe.get(), &byte, 1), 1);
  const auto tree = read_tree(child->pid, SIGUSR1);
  ASSERT_EQ(tree.size(), 2U);
  const TreeProcess& inner = tree[0].pid == child->pid ? tree[1] : tree[0];
  const TreeProcess& outer = tree[0].pid == child->pid ? tree[0] : tree[1];
  EXPECT_TRUE(outer.is_shell);
  EXPECT_TRUE(outer.catches);
  EXPECT_TRUE(inner.is_shell);
  EXPECT_FALSE(inner.catches);
  EXPECT_EQ(inner.parent, outer.pid);
  child->stdin_pipe.reset();
  (void)reap(child->pid);
}

}  // namespace
}  // namespace smlaunch
