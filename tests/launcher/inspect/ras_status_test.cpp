// SPDX-License-Identifier: Apache-2.0
#include "launcher/inspect/ras_status.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "launcher/inspect/hang_evidence.hpp"

namespace smlaunch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// As NCCL 2.28.7 and later write it.
std::string rank(int rank, int pid, int all_reduces, const std::string& status = R"("async_error":0)") {
  return fmt::format(
      R"({{"rank":{},"host":"10.0.0.1","pid":{},"cuda_dev":0,"nvml_dev":0,"status":{{{},"abort_flag":false}},)"
      R"("collective_counts":{{"Broadcast":3,"AllReduce":{}}}}})",
      rank, pid, status, all_reduces);
}
std::string answer_of(const std::vector<std::string>& ranks, const std::string& missing = "") {
  return fmt::format(
      R"({{"nccl_version":"2.28.9","communicators":[{{"hash":"0x5f","size":4,"ranks":[{}],"missing_ranks":[{}]}}]}})",
      fmt::join(ranks, ","), missing);
}

std::vector<RankLook> looks_of(const std::vector<int>& pids) {
  std::vector<RankLook> looks;
  for (std::size_t i = 0; i < pids.size(); ++i) {
    RankState state;
    state.processes.emplace_back().pid = pids[i];
    const int number = static_cast<int>(i);
    looks.push_back({.rank = Rank{number}, .host = fmt::format("gn0{}", number / 2 + 1), .state = state});
  }
  return looks;
}
const std::vector<RankLook> four = looks_of({70, 71, 72, 73});

TEST(RasStatus, NamesTheJobsRankThatHasLaunchedLess) {
  const std::string answer =
      answer_of({rank(0, 73, 1204), rank(1, 72, 1203), rank(2, 71, 1204), rank(3, 70, 1204)});
  EXPECT_THAT(find_ras_facts(answer, four),
              ElementsAre("communicator 0x5f of 4 ranks: 3 have launched AllReduce 1204 "
                          "times, rank 2 (gn02) 1203 times"));
}

TEST(RasStatus, NamesAllWhereThereIsNoMajority) {
  EXPECT_THAT(
      find_ras_facts(answer_of({rank(0, 70, 7), rank(1, 71, 8)}), four),
      ElementsAre("communicator 0x5f of 4 ranks: rank 0 (gn01) has launched AllReduce 7 times, rank 1 (gn01) "
                  "8 times"));
}

TEST(RasStatus, SaysThatNothingDiffers) {
  EXPECT_THAT(
      find_ras_facts(answer_of({rank(0, 70, 7), rank(1, 71, 7)}), four),
      ElementsAre("communicator 0x5f of 4 ranks: all that answer have launched the same collectives"));
}

TEST(RasStatus, TellsOfRanksThatDoNotAnswerAndOfErrors) {
  const std::string missing =
      R"({"rank":2,"host":"10.0.0.2","pid":72,"status":{"unresponsive":true,"considered_dead":true}},)"
      R"({"rank":3,"host":"10.0.0.2","pid":99,"status":{"unresponsive":true,"considered_dead":false}})";
  EXPECT_THAT(
      find_ras_facts(answer_of({rank(0, 70, 7), rank(1, 71, 7, R"("async_error":6)")}, missing), four),
      ElementsAre(
          "communicator 0x5f of 4 ranks: rank 2 (gn02): counts as dead",
          "communicator 0x5f of 4 ranks: rank 2 (gn02), its rank 3 (10.0.0.2, pid 99): NCCL there does "
          "not answer",
          "communicator 0x5f of 4 ranks: rank 1 (gn01): NCCL has an error"));
}

TEST(RasStatus, TakesAProcessThatTwoHostsHaveForNobody) {
  EXPECT_THAT(
      find_ras_facts(answer_of({rank(0, 70, 7), rank(1, 70, 7), rank(2, 71, 6)}), looks_of({70, 70, 71})),
      ElementsAre("communicator 0x5f of 4 ranks: 2 have launched AllReduce 7 times, rank 2 (gn02) 6 times"));
  EXPECT_THAT(find_ras_facts(answer_of({rank(0, 70, 7), rank(1, 71, 6)}), looks_of({70, 70, 71})),
              ElementsAre(HasSubstr("its rank 0 (10.0.0.1, pid 70) 7 times")));
}

TEST(RasStatus, TakesTheTextOfAnOlderNcclAsItIs) {
  const std::string text =
      "NCCL version 2.27.5 compiled with CUDA 12.9\n\nCommunicators... (0.00s)\n=============\n\n"
      "Group     Comms     Nodes     Ranks     Ranks     Ranks    Status  Errors\n"
      "    0         1         1         4         4         4   RUNNING  MISMATCH\n\n"
      "Errors\n======\n\nINCOMPLETE\n  Missing communicator data from 1 job process\n"
      "  Process 3 on node 10.0.0.2 managing GPU 1\n\n"
      "Warnings\n========\n\n#0-0 (00000000005f) MISMATCH\n"
      "  Communicator ranks have different AllReduce operation counts\n"
      "  3 ranks have launched up to operation 1204\n"
      "  Rank 1 has launched up to operation 1203 -- GPU 1 managed by process 72 on node 10.0.0.1\n\n";
  EXPECT_THAT(
      find_ras_facts(text, four),
      ElementsAre(
          "INCOMPLETE: Missing communicator data from 1 job process; Process 3 on node 10.0.0.2 managing "
          "GPU 1",
          "#0-0 (00000000005f) MISMATCH: Communicator ranks have different AllReduce operation counts; "
          "3 ranks have launched up to operation 1204; Rank 1 has launched up to operation 1203 -- GPU "
          "1 managed by process 72, rank 2 (gn02), on node 10.0.0.1"));
  EXPECT_THAT(
      find_ras_facts("NCCL version 2.27.5\n\nErrors\n======\n\nWarnings\n========\n\n", four),
      ElementsAre("NCCL on one of the hosts tells of no errors and no differences, perhaps of another job"));
}

TEST(RasStatus, LeavesOutATextThatNamesOnlyProcessesOfAnotherJob) {
  const auto text = [](int pid) {
    return fmt::format(
        "Warnings\n========\n\n#0-0 (5f) MISMATCH\n"
        "  Rank 1 has launched up to operation 3 -- GPU 1 managed by process {} on node n\n",
        pid);
  };
  const std::string says_nothing = "Errors\n======\n\nWarnings\n========\n\n";
  std::vector<RankLook> looks = four;
  looks[0].state->nccl_ras = text(999);
  EXPECT_EQ(choose_ras_answer(looks), nullptr);
  looks[1].state->nccl_ras = says_nothing;
  EXPECT_EQ(*choose_ras_answer(looks), says_nothing) << "which may be of this job";
  looks[2].state->nccl_ras = text(73);
  EXPECT_EQ(*choose_ras_answer(looks), text(73));
  looks[1].state->nccl_ras.clear();
  looks[2].state->nccl_ras.clear();
  looks[3].state.reset();
  EXPECT_EQ(*choose_ras_answer(looks), text(999))
      << "it may be the process of the rank that nobody has looked at";
}

TEST(RasStatus, TakesNothingFromValuesOfOtherKinds) {
  for (const char* answer : {"{", "{}", R"({"communicators":7})",
                             R"({"communicators":[7,{"ranks":{"a":1}},{"ranks":[7,{"pid":"x"}]}]})"})
    EXPECT_THAT(find_ras_facts(answer, four), SizeIs(testing::Le(1))) << answer;
  const std::string deep =
      R"({"communicators":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  EXPECT_THAT(find_ras_facts(deep, four), IsEmpty());
}

TEST(RasStatus, ChoosesTheFirstAnswerThatTellsOfTheJob) {
  std::vector<RankLook> looks = four;
  EXPECT_EQ(choose_ras_answer(looks), nullptr);
  looks[1].state->nccl_ras = answer_of({rank(0, 5, 7)});  // of another job
  EXPECT_EQ(choose_ras_answer(looks), nullptr);
  looks[2].state->nccl_ras = "NCCL version 2.27.5\n";
  EXPECT_EQ(choose_ras_answer(looks), &looks[2].state->nccl_ras);
  looks[3].state->nccl_ras = answer_of({rank(0, 72, 7)});
  EXPECT_EQ(choose_ras_answer(looks), &looks[3].state->nccl_ras) << "JSON says more";
}

TEST(RasStatus, IsPartOfTheEvidenceAndNoPartOfTheSentence) {
  std::vector<RankLook> looks = four;
  EXPECT_THAT(find_hang_evidence(looks).nccl, IsEmpty());
  const std::string before = find_hang_evidence(looks).sentence;
  looks[0].state->nccl_ras = answer_of({rank(0, 70, 7), rank(1, 71, 8)});
  EXPECT_THAT(find_hang_evidence(looks).nccl, SizeIs(1));
  EXPECT_EQ(find_hang_evidence(looks).sentence, before);
}

}  // namespace
}  // namespace smlaunch
