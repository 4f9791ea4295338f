// SPDX-License-Identifier: Apache-2.0
#include "launcher/inspect/hang_evidence.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/read_file.hpp"
#include "tests/support/source_dir.hpp"

namespace smlaunch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A rank's answer, made piece by piece.
struct Answer {
  int rank = 0;
  bool counts_from_one = true;
  std::string function = "train";
  int line = 9;
  std::string call = "null";
  std::vector<std::string> groups = {};
  std::vector<std::string> entries = {};  // none: this PyTorch records nothing

  Answer& at(const std::string& where, int at_line) {
    function = where;
    line = at_line;
    return *this;
  }
  Answer& in(const std::string& op, const std::string& group = "0", const std::string& sizes = "",
             const std::string& peer = "null") {
    call = fmt::format(R"({{"op":"{}","group":"{}","sizes":[{}],"types":[],"peer":{}}})", op, group, sizes,
                       peer);
    return *this;
  }
  Answer& group(const std::string& name, const std::string& ranks, long sequence, bool is_default = true) {
    groups.push_back(fmt::format(R"({{"name":"{}","is_default":{},"ranks":[[{}]],"sequence":{}}})", name,
                                 is_default, ranks, sequence));
    return *this;
  }
  Answer& entry(int sequence, const std::string& op, bool has_ended, const std::string& sizes = "[8]",
                const std::string& name = "0") {
    entries.push_back(fmt::format(
        R"({{"process_group":["{}",""],"collective_seq_id":{},"profiling_name":"gloo:{}","input_sizes":[{}],"input_dtypes":["Float"],"retired":{},"state":"scheduled","is_p2p":false}})",
        name, sequence, op, sizes, has_ended));
    return *this;
  }
  [[nodiscard]] std::string text() const {
    return fmt::format(
        R"({{"threads":[{{"is_main":true,"frames":[["{}","/code/train.py",{}]],"call":{}}}],"counts_from_one":{},)"
        R"("rank":{},"groups":[{}],"recorder":{}}})",
        function, line, call, counts_from_one, rank, fmt::join(groups, ","),
        entries.empty() ? "null" : fmt::format(R"({{"entries":[{}]}})", fmt::join(entries, ",")));
  }
};

ProcessState process(const std::string& told) {
  ProcessState state;
  state.name = "python3";
  state.state = 'S';
  state.has_thread = true;
  state.told = told;
  return state;
}
RankLook look(const Answer& answer, const std::string& host = "gn01") {
  RankState state;
  state.processes = {process(answer.text())};
  return {.rank = Rank{answer.rank}, .host = host, .state = state};
}
RankLook silent(int rank, char process_state, const std::string& host = "gn01") {
  RankLook it = look({.rank = rank}, host);
  it.state->processes.front().state = process_state;
  it.state->processes.front().told.clear();
  return it;
}
Answer recorded(int rank) {
  Answer answer{.rank = rank};
  answer.group("0", "0,2", 5);
  return answer.entry(4, "all_reduce", true);
}
std::vector<int> pointed_at(const HangEvidence& evidence) {
  std::vector<int> ranks;
  for (const Rank rank : evidence.pointed_at) ranks.push_back(rank.value);
  return ranks;
}

TEST(HangEvidence, NamesTheRankThatHasNotCome) {
  const auto evidence = find_hang_evidence({look(recorded(0).entry(5, "all_reduce", false)),
                                            look(recorded(1).entry(5, "all_reduce", false)),
                                            look(recorded(2).at("load_batch", 88), "gn02")});
  EXPECT_EQ(
      evidence.sentence,
      "rank 2 (gn02) has not come to all_reduce 5 of the default group, in which 2 ranks wait; it is in "
      "load_batch (train.py:88)");
  EXPECT_THAT(pointed_at(evidence), ElementsAre(2));
  ASSERT_EQ(evidence.waiting.size(), 1U);
  EXPECT_EQ(evidence.waiting[0].in.op, "all_reduce");
  EXPECT_EQ(evidence.waiting[0].in.sequence, 5U);
  EXPECT_THAT(evidence.waiting[0].ranks, ElementsAre(Rank{0}, Rank{1}));
  ASSERT_EQ(evidence.missing.size(), 1U);
  EXPECT_EQ(evidence.missing[0].where, "load_batch (train.py:88)");
  ASSERT_EQ(evidence.ranks.size(), 3U);
  EXPECT_EQ(evidence.ranks[0].progress.waiting_in->sequence, 5U);
  EXPECT_EQ(evidence.ranks[0].progress.last_finished->sequence, 4U);
  EXPECT_FALSE(evidence.ranks[2].progress.waiting_in);
  EXPECT_EQ(evidence.ranks[2].progress.last_finished->sequence, 4U);
}

TEST(HangEvidence, NamesTheOldestCollectiveThatHasNotEnded) {
  const auto ahead = [](int rank) {
    return recorded(rank)
        .entry(5, "all_reduce", false)
        .entry(6, "all_gather", false)
        .entry(7, "barrier", false);
  };
  const auto evidence = find_hang_evidence({look(ahead(0)), look(ahead(1)), look(recorded(2))});
  EXPECT_EQ(evidence.sentence,
            "rank 2 (gn01) has not come to all_reduce 5 of the default group, in which 2 ranks wait; it is "
            "in train "
            "(train.py:9)");
}

// PyTorch before 2.8 records nothing over gloo; its numbers begin anywhere before 2.4, and are not shown.
Answer unrecorded(int rank, long sequence) {
  Answer answer{.rank = rank, .counts_from_one = false};
  return answer.group("0", "0,2", 1804289000 + sequence);
}

TEST(HangEvidence, NeedsNoRecorderForWhatAThreadIsIn) {
  const auto evidence =
      find_hang_evidence({look(unrecorded(0, 5).in("barrier")), look(unrecorded(1, 5).in("barrier")),
                          look(unrecorded(2, 4).at("load", 3))});
  EXPECT_EQ(
      evidence.sentence,
      "rank 2 (gn01) has not come to barrier of the default group, in which 2 ranks wait; it is in load "
      "(train.py:3)");
  EXPECT_FALSE(evidence.waiting.at(0).in.sequence);
}

TEST(HangEvidence, SaysOnlyWhatWasBegunWhereNobodyIsSeenToWait) {
  const auto evidence = find_hang_evidence(
      {look(unrecorded(0, 5)), look(unrecorded(1, 5)), look(unrecorded(2, 4).at("load", 3))});
  EXPECT_EQ(evidence.sentence,
            "rank 2 (gn01) has not come to a collective of the default group, which 2 ranks have begun; it "
            "is in load "
            "(train.py:3)");
  EXPECT_THAT(evidence.waiting, IsEmpty());
  EXPECT_FALSE(evidence.ranks.at(2).progress.last_finished.has_value() &&
               evidence.ranks.at(2).progress.waiting_in);
}

TEST(HangEvidence, SaysNothingOfRanksThatAreAllAtTheSameNumber) {
  EXPECT_EQ(
      find_hang_evidence({look(unrecorded(0, 5)), look(unrecorded(1, 5)), look(unrecorded(2, 5))}).sentence,
      "");
}

TEST(HangEvidence, TellsDifferentCollectivesWithBoth) {
  const auto evidence =
      find_hang_evidence({look(recorded(0).entry(5, "all_reduce", false, "[1000, 10]")),
                          look(recorded(1).entry(5, "all_reduce", false, "[1000, 10]")),
                          look(recorded(2).entry(5, "all_gather", false).at("evaluate", 40))});
  EXPECT_EQ(
      evidence.sentence,
      "the ranks have come to different collectives as number 5 of the default group: ranks 0, 1 (gn01) to "
      "all_reduce with [1000, 10] Float, rank 2 (gn01) to all_gather; it is in evaluate (train.py:40)");
  EXPECT_THAT(pointed_at(evidence), ElementsAre(2));
}

TEST(HangEvidence, BlamesBothOfTwo) {
  Answer one{.rank = 0};
  Answer other{.rank = 1};
  one.group("0", "0,1", 3).in("all_reduce").at("a", 1);
  other.group("0", "0,1", 3).in("broadcast").at("b", 2);
  const auto evidence = find_hang_evidence({look(one), look(other)});
  EXPECT_EQ(
      evidence.sentence,
      "the ranks have come to different collectives as number 3 of the default group: rank 0 (gn01) to "
      "all_reduce, rank 1 (gn01) to broadcast; rank 0 (gn01) is in a (train.py:1); rank 1 (gn01) is in b "
      "(train.py:2)");
  EXPECT_THAT(pointed_at(evidence), ElementsAre(0, 1));
}

TEST(HangEvidence, TellsDifferentSizes) {
  const auto evidence = find_hang_evidence({look(recorded(0).entry(5, "all_reduce", false, "[1000, 10]")),
                                            look(recorded(1).entry(5, "all_reduce", false, "[1000, 10]")),
                                            look(recorded(2).entry(5, "all_reduce", false, "[77]"))});
  EXPECT_EQ(
      evidence.sentence,
      "the ranks have come to all_reduce 5 of the default group with different sizes: ranks 0, 1 (gn01) with "
      "[1000, 10] Float, rank 2 (gn01) with [77] Float; it is in train (train.py:9)");
}

TEST(HangEvidence, SizesOfAGatherMayDiffer) {
  const auto evidence =
      find_hang_evidence({look(recorded(0).entry(5, "all_gather", false, "[3]")),
                          look(recorded(1).entry(5, "all_gather", false, "[4]")), look(recorded(2))});
  EXPECT_THAT(pointed_at(evidence), ElementsAre(2));
}

TEST(HangEvidence, TellsRanksThatWaitForEachOther) {
  const auto member = [](int rank) {
    Answer answer{.rank = rank};
    answer.group("0", "0,1", 0)
        .group("1", "0,1", rank == 0 ? 3 : 2, false)
        .group("2", "0,1", rank == 0 ? 6 : 7, false);
    return answer.in(rank == 0 ? "all_reduce" : "broadcast", rank == 0 ? "1" : "2");
  };
  const auto evidence = find_hang_evidence({look(member(0)), look(member(1), "gn02")});
  EXPECT_EQ(
      evidence.sentence,
      "ranks wait for each other: rank 0 (gn01) waits in all_reduce 3 of the group 1, to which rank 1 (gn02) "
      "has "
      "not come; rank 1 (gn02) waits in broadcast 7 of the group 2, to which rank 0 (gn01) has not come");
  EXPECT_THAT(pointed_at(evidence), ElementsAre(0, 1));
}

TEST(HangEvidence, FollowsTheChainToTheRankThatWaitsForNobody) {
  // 0 waits for 1, which waits for 2 by recv, which loads.
  const auto evidence =
      find_hang_evidence({look(recorded(0).entry(5, "all_reduce", false)),
                          look(recorded(1).in("recv", "0", "", "2")), look(recorded(2).at("load", 7))});
  EXPECT_EQ(
      evidence.sentence,
      "rank 2 (gn01) has not come to all_reduce 5 of the default group, in which 1 rank waits; it is in load "
      "(train.py:7)");
  EXPECT_THAT(pointed_at(evidence), ElementsAre(2));
}

TEST(HangEvidence, AReceiverAndItsSenderMeet) {
  Answer sender{.rank = 0};
  Answer receiver{.rank = 1};
  sender.group("0", "0,1", 0).in("send", "0", "", "1");
  receiver.group("0", "0,1", 0).in("recv", "0", "", "0").at("get", 4);
  EXPECT_EQ(find_hang_evidence({look(sender), look(receiver)}).sentence.substr(0, 18), "no rank is missing");
  sender.call = "null";
  sender.at("compute", 12);
  EXPECT_EQ(find_hang_evidence({look(sender), look(receiver)}).sentence,
            "rank 0 (gn01) has not come to recv with rank 0, in which 1 rank waits; it is in compute "
            "(train.py:12)");
}

TEST(HangEvidence, DoesNotSayThatASilentRankIsMissing) {
  const auto waiting = [](int rank) { return look(recorded(rank).entry(5, "all_reduce", false)); };
  const auto evidence = find_hang_evidence({waiting(0), waiting(1), silent(2, 'T', "gn02")});
  EXPECT_EQ(evidence.sentence,
            "2 ranks wait in all_reduce 5 of the default group; rank 2 (gn02) does not answer, and whether "
            "it has come "
            "is not known: it is stopped by a signal");
  EXPECT_THAT(pointed_at(evidence), ElementsAre(2));
  EXPECT_THAT(evidence.missing, IsEmpty());
  EXPECT_EQ(evidence.ranks.at(2).state, "stopped");
  const auto unheard = find_hang_evidence({waiting(0), waiting(1), {.rank = Rank{2}, .host = "gn02"}});
  EXPECT_EQ(unheard.sentence,
            "2 ranks wait in all_reduce 5 of the default group; rank 2 (gn02) does not answer, and whether "
            "it has come "
            "is not known: the agent of it has not answered");
}

TEST(HangEvidence, AHelperDoesNotAnswerForItsRank) {
  RankLook stuck = silent(2, 'R');
  stuck.state->processes.push_back(process(R"({"threads":[]})"));
  const auto evidence = find_hang_evidence({look(recorded(0).entry(5, "all_reduce", false)),
                                            look(recorded(1).entry(5, "all_reduce", false)), stuck});
  EXPECT_THAT(evidence.missing, IsEmpty());
  EXPECT_THAT(pointed_at(evidence), ElementsAre(2));
}

TEST(HangEvidence, ARankThatHasEndedIsMissing) {
  RankLook ended{.rank = Rank{2}, .host = "gn02", .ended = "had exited with code 0 3.0 s after the start"};
  const auto evidence = find_hang_evidence({look(recorded(0).entry(5, "all_reduce", false)),
                                            look(recorded(1).entry(5, "all_reduce", false)), ended});
  EXPECT_EQ(
      evidence.sentence,
      "rank 2 (gn02) has not come to all_reduce 5 of the default group, in which 2 ranks wait; it had exited "
      "with code 0 3.0 s after the start");
}

TEST(HangEvidence, AllThatHaveComeAreNotBlamed) {
  const auto waiting = [](int rank) { return look(recorded(rank).entry(5, "all_reduce", false)); };
  const auto evidence = find_hang_evidence({waiting(0), waiting(1), waiting(2)});
  EXPECT_EQ(evidence.sentence,
            "no rank is missing: all have come to all_reduce 5 of the default group, and ranks 0, 1, 2 "
            "(gn01) still "
            "wait in it");
  EXPECT_THAT(evidence.pointed_at, IsEmpty());
}

TEST(HangEvidence, WhatTheNetworkLosesIsAddedAndPointsAtAHostWhereNothingElseDoes) {
  const auto on = [](RankLook look, const std::string& host, const std::string& silent = "") {
    look.host = host;
    look.state->processes.front().addresses = {"address of " + host};
    if (!silent.empty())
      look.state->processes.front().unanswered = {{.address = "address of " + silent, .milliseconds = 9000}};
    return look;
  };
  const auto waiting = [](int rank) { return look(recorded(rank).entry(5, "all_reduce", false)); };
  auto evidence = find_hang_evidence(
      {on(waiting(0), "gn01", "gn03"), on(waiting(1), "gn02", "gn03"), on(waiting(2), "gn03")});
  EXPECT_EQ(evidence.sentence,
            "no rank is missing: all have come to all_reduce 5 of the default group, and ranks 0, 1, 2 still "
            "wait in "
            "it; what is sent between gn03 and gn01, gn02 has not been acknowledged for 9 s");
  EXPECT_THAT(pointed_at(evidence), ElementsAre(2));
  EXPECT_TRUE(evidence.is_only_network);

  Answer late = recorded(2);
  evidence = find_hang_evidence(
      {on(waiting(0), "gn01", "gn02"), on(waiting(1), "gn02"), on(look(late.at("load", 5)), "gn03")});
  EXPECT_EQ(
      evidence.sentence,
      "rank 2 (gn03) has not come to all_reduce 5 of the default group, in which 2 ranks wait; it is in load "
      "(train.py:5); what is sent between gn01 and gn02 has not been acknowledged for 9 s");
  EXPECT_THAT(pointed_at(evidence), ElementsAre(2));
  EXPECT_FALSE(evidence.is_only_network);

  const std::vector<RankLook> looks = {on(silent(0, 'S'), "gn01", "gn02"), on(silent(1, 'S'), "gn02")};
  evidence = find_hang_evidence(looks);
  EXPECT_EQ(evidence.sentence, "");
  EXPECT_THAT(pointed_at(evidence), ElementsAre(0, 1));
  EXPECT_EQ(describe_standstill(looks, evidence),
            describe_hang(looks) + "; what is sent between gn01 and gn02 has not been acknowledged for 9 s");
}

TEST(HangEvidence, RanksMeetBeforeThereIsAGroup) {
  Answer late{.rank = 2};
  const auto meeting = [](int rank) {
    Answer answer{.rank = rank};
    return look(answer.in("init_process_group", ""));
  };
  const auto evidence = find_hang_evidence({meeting(0), meeting(1), look(late.at("read_config", 5))});
  EXPECT_EQ(evidence.sentence,
            "rank 2 (gn01) has not come to init_process_group, in which 2 ranks wait; it is in read_config "
            "(train.py:5)");
}

TEST(HangEvidence, ASilentRanksStackTellsThatItIsAtTheMeeting) {
  Answer late{.rank = 1};
  RankLook host = silent(0, 'S');
  host.state->processes.front().python_stack = {"rendezvous.py:177 in _create_c10d_store",
                                                "distributed_c10d.py:754 in init_process_group",
                                                "train.py:47 in <module>"};
  EXPECT_EQ(find_hang_evidence({host, look(late.at("read_config", 5))}).sentence,
            "rank 1 (gn01) has not come to init_process_group, in which 1 rank waits; it is in read_config "
            "(train.py:5)");
}

TEST(HangEvidence, KnowsNothingWhereNobodyTells) {
  const auto evidence = find_hang_evidence({silent(0, 'S'), silent(1, 'S')});
  EXPECT_EQ(evidence.sentence, "");
  EXPECT_EQ(evidence.ranks.size(), 2U);
  EXPECT_THAT(find_hang_evidence({}).ranks, IsEmpty());
}

TEST(HangEvidence, ARankMayHaveStartedSeveralOfTorch) {
  RankLook starter = look(recorded(0).entry(5, "all_reduce", false));
  starter.state->processes.push_back(process(recorded(1).entry(5, "all_reduce", false).text()));
  starter.state->processes.push_back(process(recorded(2).at("load", 7).text()));
  const auto evidence = find_hang_evidence({starter});
  EXPECT_EQ(
      evidence.sentence,
      "rank 2 (gn01) has not come to all_reduce 5 of the default group, in which 2 ranks wait; it is in load "
      "(train.py:7)");
  EXPECT_THAT(pointed_at(evidence), ElementsAre(0)) << "whose process it is";
  EXPECT_EQ(evidence.ranks.size(), 3U);
}

TEST(HangEvidence, DoesNotSpeakForRanksThatNobodySees) {
  const auto evidence = find_hang_evidence(
      {look(recorded(0).entry(5, "all_reduce", false)), look(recorded(1).entry(5, "all_reduce", false))});
  EXPECT_EQ(evidence.sentence,
            "all ranks that have told have come to all_reduce 5 of the default group, and ranks 0, 1 (gn01) "
            "still wait "
            "in it; of 1 other nothing is known");
}

TEST(HangEvidence, DoesNotMixTwoWorlds) {
  // Each host trains by itself: two ranks are torch's rank 0.
  RankLook other = look(recorded(0).at("load", 3), "gn02");
  other.rank = Rank{1};
  EXPECT_EQ(find_hang_evidence({look(recorded(0).entry(5, "all_reduce", false)), other}).sentence, "");
}

TEST(HangEvidence, TakesItsRanksByTheNumbersOfTorch) {
  // The program numbers its ranks the other way round.
  RankLook first = look(recorded(2).entry(5, "all_reduce", false));
  first.rank = Rank{0};
  RankLook second = look(recorded(1).entry(5, "all_reduce", false));
  RankLook third = look(recorded(0).at("load", 3));
  third.rank = Rank{2};
  EXPECT_THAT(pointed_at(find_hang_evidence({first, second, third})), ElementsAre(2));
}

// What real ranks have told (tests/golden/hang).
std::vector<RankLook> recorded_ranks(const std::string& name) {
  std::vector<RankLook> looks;
  for (int rank = 0; rank < 3; ++rank) {
    const auto file = source_dir() / fmt::format("tests/golden/hang/{}-{}.json", name, rank);
    RankState state;
    state.processes = {process(read_small_file(file))};
    looks.push_back({.rank = Rank{rank}, .host = "gn01", .state = state});
  }
  return looks;
}

TEST(HangEvidence, UnderstandsWhatRealRanksHaveTold) {
  EXPECT_EQ(find_hang_evidence(recorded_ranks("torch-1.13-missing")).sentence,
            "rank 2 (gn01) has not come to all_reduce of the default group, in which 2 ranks wait; it is in "
            "wait_for_data (job.py:5)");
  EXPECT_EQ(
      find_hang_evidence(recorded_ranks("torch-2.8-missing")).sentence,
      "rank 2 (gn01) has not come to all_reduce 5 of the default group, in which 2 ranks wait; it is in "
      "wait_for_data (job.py:5)");
  EXPECT_EQ(
      find_hang_evidence(recorded_ranks("torch-2.8-other")).sentence,
      "the ranks have come to different collectives as number 5 of the default group: ranks 0, 1 (gn01) to "
      "all_reduce with [1000, 10] Float, rank 2 (gn01) to all_gather; it is in <module> (job.py:23)");
}

}  // namespace
}  // namespace smlaunch
