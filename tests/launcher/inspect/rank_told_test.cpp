// SPDX-License-Identifier: Apache-2.0
#include "launcher/inspect/rank_told.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smlaunch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// What a rank of PyTorch 1.13 has answered, shortened: no recorder, and numbers that begin anywhere.
const std::string old_answer = R"({"pid":7,"python":"3.11.2","torch":"1.13.0a0","threads":[
  {"name":"MainThread","is_main":true,"frames":[
     ["all_reduce","/usr/lib/python3/dist-packages/torch/distributed/distributed_c10d.py",1541],
     ["step","/opt/ml/code/train.py",25],["<module>","/opt/ml/code/train.py",30]],
   "call":{"op":"all_reduce","group":"0","sizes":["[1000, 10]"],"types":["float32"],"peer":null}},
  {"name":"loader","is_main":false,"frames":[["wait","/usr/lib/python3.11/threading.py",327]],"call":null}],
  "counts_from_one":false,"rank":1,"groups":[
  {"name":"0","description":null,"is_default":true,"backend":"gloo","ranks":[[0,2]],"sequence":1804289389}],
  "recorder":null,"nccl_recorder":null})";

// As PyTorch 2.8 and later record it over gloo: what has ended is retired, and never said to be completed.
std::string entry(int sequence, const std::string& op, bool has_ended) {
  return fmt::format(
      R"({{"record_id":{0},"pg_id":0,"process_group":["0","default_pg"],"collective_seq_id":{0},"p2p_seq_id":0,)"
      R"("op_id":{0},"profiling_name":"gloo:{1}","input_sizes":[[1000,10]],"input_dtypes":["Float"],)"
      R"("output_sizes":[[1000,10]],"output_dtypes":["Float"],"state":"scheduled","retired":{2},"is_p2p":false}})",
      sequence, op, has_ended);
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\\\"") : std::string(1, c);
  return out + "\"";
}

std::string new_answer(const std::string& entries, const std::string& more = "") {
  return fmt::format(
      R"({{"pid":7,"torch":"2.15.0","threads":[],"counts_from_one":true,"rank":0,"groups":[{{"name":"0",)"
      R"("description":"default_pg","is_default":true,"backend":"gloo","ranks":[[0,2]],"sequence":5}}],)"
      R"("recorder":{},"nccl_recorder":null{}}})",
      quoted(R"({"version":"2.10","entries":[)" + entries + "]}"), more);
}

TEST(RankTold, HasTheThreadsTheCallAndTheGroups) {
  const auto told = parse_told(old_answer);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->rank, 1);
  EXPECT_FALSE(told->counts_from_one);
  ASSERT_EQ(told->threads.size(), 2U);
  ASSERT_TRUE(told->threads[0].call);
  EXPECT_EQ(told->threads[0].call->op, "all_reduce");
  EXPECT_EQ(told->threads[0].call->sizes, "[1000, 10] float32");
  EXPECT_FALSE(told->threads[0].call->peer);
  EXPECT_FALSE(told->threads[1].call);
  ASSERT_EQ(told->groups.size(), 1U);
  EXPECT_EQ(told->groups[0].sequence, 1804289389U);
  EXPECT_THAT(told->groups[0].ranks, ElementsAre(RankRange{0, 2}));
  EXPECT_FALSE(told->groups[0].is_recorded);
  EXPECT_THAT(main_stack(*told), ElementsAre("distributed_c10d.py:1541 in all_reduce", "train.py:25 in step",
                                             "train.py:30 in <module>"));
  EXPECT_EQ(place_in_program(*told), "step (train.py:25)") << "what is installed is not the user's";
}

TEST(RankTold, TakesCollectivesOutOfTheRecorder) {
  const auto told = parse_told(new_answer(entry(4, "all_reduce", true) + "," + entry(5, "barrier", false)));
  ASSERT_TRUE(told);
  EXPECT_TRUE(told->counts_from_one);
  const ToldGroup& group = told->groups.at(0);
  EXPECT_TRUE(group.is_recorded);
  ASSERT_EQ(group.recorded.size(), 2U);
  EXPECT_EQ(group.recorded[0].op, "all_reduce");
  EXPECT_EQ(group.recorded[0].sizes, "[1000, 10] Float");
  EXPECT_TRUE(group.recorded[0].has_ended);
  EXPECT_FALSE(group.recorded[1].has_ended);
}

TEST(RankTold, IsShortenedToTheLastCollectivesAndThoseThatHaveNotEnded) {
  std::string entries = entry(1, "barrier", false);
  for (int i = 2; i <= 2000; ++i) entries += "," + entry(i, "all_reduce", i < 1990);
  const auto shorter = shorten_told(new_answer(entries));
  ASSERT_TRUE(shorter);
  EXPECT_LE(shorter->size(), most_told);
  const auto told = parse_told(*shorter);
  ASSERT_TRUE(told);
  const auto& recorded = told->groups.at(0).recorded;
  EXPECT_EQ(recorded.front().sequence, 1U) << "the oldest that has not ended says most";
  EXPECT_EQ(recorded.back().sequence, 2000U);
  EXPECT_LT(recorded.size(), 30U);
}

TEST(RankTold, KeepsTheTimesOfMoreCollectivesThanItKeeps) {
  std::string entries;
  for (int i = 1; i <= 200; ++i) {
    std::string each = entry(i, "all_reduce", true);
    each.replace(each.size() - 1, 1, fmt::format(R"(,"time_created_ns":{}}})", 1000 + i));
    entries += (i == 1 ? "" : ",") + each;
  }
  const auto told = parse_told(shorten_told(new_answer(entries)).value_or(""));
  ASSERT_TRUE(told);
  const ToldGroup& group = told->groups.at(0);
  ASSERT_EQ(group.timed.size(), 48U);
  EXPECT_EQ(group.timed.back(), (TimedCollective{.sequence = 200, .begun_ns = 1200}));
  EXPECT_LT(group.recorded.size(), 30U);
}

TEST(RankTold, LeavesTheRecorderOutWhereAllIsTooLong) {
  const auto shorter = shorten_told(new_answer("", R"(,"more":")" + std::string(most_told - 400, 'x') + "\"")
                                        .replace(0, 1, R"({"recorder_":0,)"));
  ASSERT_TRUE(shorter);
  EXPECT_LE(shorter->size(), most_told);
  EXPECT_FALSE(shorten_told(new_answer("", R"(,"more":")" + std::string(2 * most_told, 'x') + "\"")));
}

TEST(RankTold, RefusesWhatIsNoAnswer) {
  const std::string deep = R"({"threads":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  for (const std::string& text :
       {std::string(), std::string("null"), std::string("[]"), std::string("{\"a\":"), deep}) {
    EXPECT_FALSE(parse_told(text)) << text.substr(0, 40);
    EXPECT_FALSE(shorten_told(text)) << text.substr(0, 40);
  }
}

TEST(RankTold, TakesNothingFromValuesOfOtherKinds) {
  const auto told = parse_told(
      R"({"rank":-1,"threads":[3,{"frames":[["f"],"g",["f","a.py","x"]],"call":[],"is_main":1}],"groups":[
          {"name":5,"ranks":[[2,1],[0],3,[0,99999999]],"sequence":-4}],"recorder":"{","nccl_recorder":{"entries":[7,{}]}})");
  ASSERT_TRUE(told);
  EXPECT_FALSE(told->rank);
  ASSERT_EQ(told->threads.size(), 2U);
  EXPECT_EQ(told->threads[1].frames.size(), 1U);
  ASSERT_EQ(told->groups.size(), 1U);
  EXPECT_THAT(told->groups[0].ranks, IsEmpty());
  EXPECT_FALSE(told->groups[0].sequence);
  EXPECT_EQ(place_in_program(*told), "");
}

}  // namespace
}  // namespace smlaunch
