// SPDX-License-Identifier: Apache-2.0
#include "launcher/smoke/check_round.hpp"

#include <gtest/gtest.h>

#include "tests/launcher/smoke/pretended_set.hpp"

namespace smlaunch {
namespace {

CheckMember that_passed() {
  TestResult result;
  result.transfer_seconds = {0.001};
  return {.ready = true, .asked = true, .done = true, .reached = SmokeStage::verified, .result = result};
}

CheckMember with_wrong_sums(std::size_t count) {
  CheckMember made = that_passed();
  made.result->sums.count = count;
  return made;
}

CheckMember that_failed(const std::string& why) {
  return {.ready = true, .failed = true, .asked = true, .reached = SmokeStage::warm_up, .why = why};
}

CheckMember that_waits(SmokeStage stage) { return {.ready = true, .asked = true, .reached = stage}; }

const SmokeSettings four_hosts = small_settings(4, 1);

std::optional<GroupResult> judge(const Indexed<Rank, CheckMember>& members,
                                 const SmokeSettings& settings = four_hosts) {
  return judge_group(settings, make_group(settings, {TestedUnit{0}, TestedUnit{1}}), members);
}

TEST(CheckRound, TellsWhyAGroupDidNotPass) {
  const CheckMember fine = that_passed();
  const CheckMember talks = that_waits(SmokeStage::communicator_called);
  const CheckMember is_absent = that_waits(SmokeStage::device_ready);
  struct Case {
    Indexed<Rank, CheckMember> members;
    GroupTrouble trouble;
    const char* words;
  };
  const Case cases[] = {
      {{fine, fine, fine, fine}, GroupTrouble::none, ""},
      {{fine, that_failed("gone"), fine, fine}, GroupTrouble::rank_failed, "gone"},
      {{that_failed("one"), that_failed("two"), fine, fine}, GroupTrouble::rank_failed, "one"},
      {{that_failed("gone"), talks, fine, fine}, GroupTrouble::rank_failed, "gone"},
      {{with_wrong_sums(7), fine, fine, fine}, GroupTrouble::wrong_sums, "7 wrong elements"},
      {{that_failed("gone"), with_wrong_sums(7), fine, fine}, GroupTrouble::wrong_sums, "7 wrong elements"},
      {{fine, talks, fine, fine}, GroupTrouble::no_answer, "no answer in time"},
      {{fine, is_absent, fine, fine}, GroupTrouble::did_not_begin, "did not begin in time"},
      {{talks, is_absent, fine, fine}, GroupTrouble::did_not_begin, "did not begin in time"}};
  for (const Case& each : cases) {
    const auto result = judge(each.members);
    ASSERT_TRUE(result) << each.words;
    EXPECT_EQ(result->trouble, each.trouble) << each.words;
    EXPECT_EQ(describe_trouble(*result), each.words);
    EXPECT_EQ(result->passed(), each.trouble == GroupTrouble::none) << each.words;
    EXPECT_EQ(result->busbw_gbps.has_value(), result->passed()) << each.words;
  }
}

// On the CPU nobody gets past MPI_Init before all of the set have called it.
TEST(CheckRound, SaysNothingOfAGroupThatOnlyWaitsForOthersOnTheCpu) {
  const CheckMember talks = that_waits(SmokeStage::communicator_called);
  const Indexed<Rank, CheckMember> members = {talks, talks, that_waits(SmokeStage::device_ready), talks};
  EXPECT_FALSE(judge(members));
  SmokeSettings on_gpus = four_hosts;
  on_gpus.backend = nccl_backend;
  ASSERT_TRUE(judge(members, on_gpus));
  EXPECT_EQ(judge(members, on_gpus)->trouble, GroupTrouble::no_answer);
}

TEST(CheckRound, GroupsAreOfHostsAndOnASingleHostOfRanks) {
  EXPECT_EQ(make_group(small_settings(4, 2), {TestedUnit{1}, TestedUnit{3}}).ranks, (IdSet{2, 3, 6, 7}));
  EXPECT_EQ(make_group(small_settings(1, 4), {TestedUnit{1}, TestedUnit{3}}).ranks, (IdSet{1, 3}));
  EXPECT_EQ(make_group_of_all(small_settings(2, 2)).ranks, (IdSet{0, 1, 2, 3}));
}

TEST(CheckRound, OneProgramTellsOfItsHostAndOnlyInTheTestOfAll) {
  SmokeSettings settings = small_settings(2, 2);
  settings.library = "auto";
  const auto first = make_check_settings(settings, true);
  ASSERT_EQ(first.size(), 4U);
  for (const CheckSettings& each : first) {
    EXPECT_EQ(each.tells_host, each.local_rank == 0) << each.rank;
    EXPECT_EQ(each.finds_library, each.local_rank == 0) << each.rank;
  }
  for (const CheckSettings& each : make_check_settings(settings, false)) EXPECT_FALSE(each.tells_host);
}

TEST(CheckRound, TheSearchMovesLittleData) {
  const CheckGroup group = make_group(four_hosts, {TestedUnit{0}, TestedUnit{1}});
  EXPECT_EQ(make_test(four_hosts, group, true, 20).most_repeats, 5);
  EXPECT_EQ(make_test(four_hosts, group, false, 20).most_repeats, 3);
  EXPECT_EQ(make_test(four_hosts, group, false, 20).deadline_seconds, 30)
      << "later than the leader's own end";
}

}  // namespace
}  // namespace smlaunch
