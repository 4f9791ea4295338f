// SPDX-License-Identifier: Apache-2.0
#include "launcher/progress/progress_pattern.hpp"

#include <gtest/gtest.h>

#include <string>

namespace smlaunch {
namespace {

ProgressPattern pattern(const std::string& expression) {
  auto parsed = ProgressPattern::parse(expression, "option --progress");
  if (!parsed) throw std::runtime_error(parsed.error().problems.front().what);
  return *parsed;
}
std::string refusal(const std::string& expression) {
  const auto parsed = ProgressPattern::parse(expression, "option --progress");
  if (parsed) return "";
  EXPECT_EQ(parsed.error().fault, Fault::usage);
  EXPECT_EQ(parsed.error().problems.front().where, "option --progress");
  return parsed.error().problems.front().what;
}
ProgressValues values(const std::string& expression, const std::string& line) {
  return pattern(expression).match(line).values;
}

TEST(ProgressPattern, TakesNamedGroupsAsPythonAndJavaScriptWriteThem) {
  const std::string line = "epoch 3: step 120/500 loss 2.1 (0.3 s)";
  EXPECT_EQ(values(R"(step (?P<step>\d+)/\d+ loss (?P<loss>[\d.]+))", line),
            (ProgressValues{{"step", 120}, {"loss", 2.1}}));
  EXPECT_EQ(values(R"(epoch (?<epoch>\d+).*loss (?<loss>\S+))", line),
            (ProgressValues{{"epoch", 3}, {"loss", 2.1}}));
}

TEST(ProgressPattern, CountsGroupsWithoutNamesAndLeavesBracketsAndEscapesAlone) {
  EXPECT_EQ(values(R"((a|b) \((?P<x>\d)\) (?:c|d) [(]?(?P<y>\d))", "b (1) d 2"),
            (ProgressValues{{"x", 1}, {"y", 2}}));
  EXPECT_EQ(values(R"((a(b)(?P<x>\d)))", "ab7"), (ProgressValues{{"x", 7}}));
  EXPECT_EQ(values(R"([\](?P<]+(?P<n>\d))", "]]5"), (ProgressValues{{"n", 5}}));
}

TEST(ProgressPattern, ALineThatMatchesIsAHeartbeatAndOthersAreNone) {
  const ProgressPattern any = pattern("^step");
  EXPECT_EQ(any.match("step 3"), (Progress{.beats = 1}));
  EXPECT_TRUE(any.match("loading step 3").empty());
  // A group that is no number, or has not taken part, says nothing.
  EXPECT_EQ(pattern(R"(step (?P<step>\S+)( of (?P<all>\d+))?)").match("step one"), (Progress{.beats = 1}));
}

TEST(ProgressPattern, RefusesWhatIsNoExpressionWithTheReason) {
  EXPECT_NE(refusal("step (").find("\"step (\" is no regular expression: "), std::string::npos)
      << refusal("step (");
  EXPECT_EQ(refusal("(?P<my step>x)"),
            "\"(?P<my step>x)\" has a group named my step: a name is made of letters, digits and _");
  EXPECT_EQ(refusal(""), "\"\" has 0 bytes, not between 1 and 1024");
  EXPECT_NE(refusal(R"((a)\1)"), "");  // what could take for ever
  EXPECT_EQ(refusal("(?P<a>x)"), "");
}

TEST(ProgressPattern, RefusesWhatWouldTakeTooLong) {
  for (const char* ahead : {"step(?=x)", "(?!a)b", "a|(b(?=c))"})
    EXPECT_NE(refusal(ahead).find("looks ahead"), std::string::npos) << ahead;
  for (const char* fine :
       {"[(?=]x", R"(\(?=x)", "(?:a)b", "a{1000}", "(ab{2}){100}", "[a]{3}[{9999}]", R"(\{9999})"})
    EXPECT_EQ(refusal(fine), "") << fine;
  for (const char* much : {"a{1001}", "a{5,2000}", "a{1001,}", "(a{40}){40}", "((a?){100}b){11}",
                           "[0-9]{99999}", "a{600}b{600}", "(a{99999999999999999999})"})
    EXPECT_NE(refusal(much).find("repeats too much"), std::string::npos) << much;
}

TEST(ProgressPattern, LooksAtLessOfALineTheMoreItRepeats) {
  EXPECT_EQ(pattern("b(?P<n>1)").match(std::string(1000, 'a') + "b1").beats, 1U);
  EXPECT_TRUE(pattern("(a?){300}b(?P<n>1)").match(std::string(500, 'x') + "b1").empty());
  EXPECT_EQ(pattern("(a?){300}b(?P<n>1)").match(std::string(100, 'x') + "b1").beats, 1U);
}

TEST(ProgressPattern, IsBoundedWhateverTheLine) {
  const ProgressPattern evil = pattern("(a+)+$");
  EXPECT_EQ(evil.match(std::string(5000, 'a') + "b").beats, 1U);  // only its beginning is looked at
  EXPECT_TRUE(pattern("x(?P<n>1)").match(std::string(2000, ' ') + "x1").empty());
}

}  // namespace
}  // namespace smlaunch
