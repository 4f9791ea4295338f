// SPDX-License-Identifier: Apache-2.0
#include "launcher/evidence/python_traceback.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

using Lines = std::vector<std::string>;

TEST(PythonException, IsTheLineThatEndsTheLastTraceback) {
  const Lines traceback = {"Traceback (most recent call last):", "  File \"train.py\", line 3, in <module>",
                           "    work()", "ValueError: no such thing"};
  EXPECT_EQ(find_python_exception(traceback), "ValueError: no such thing");

  Lines chained = traceback;
  chained.insert(chained.end(), {"", "During handling of the above exception, another exception occurred:",
                                 "", "Traceback (most recent call last):", "  File \"train.py\", line 5",
                                 "KeyError: 'x'", "said after it"});
  EXPECT_EQ(find_python_exception(chained), "KeyError: 'x'");
}

TEST(PythonException, IsFoundInGroupsAndSyntaxErrors) {
  EXPECT_EQ(find_python_exception({"  + Exception Group Traceback (most recent call last):",
                                   "  |   File \"x.py\", line 1, in <module>",
                                   "  |     raise ExceptionGroup(\"many\", [ValueError(\"a\")])",
                                   "  | ExceptionGroup: many (1 sub-exception)",
                                   "  +-+---------------- 1 ----------------", "    | ValueError: a",
                                   "    +------------------------------------"}),
            "ExceptionGroup: many (1 sub-exception)");
  EXPECT_EQ(find_python_exception(
                {"  File \"/x.py\", line 1", "    def (", "        ^", "SyntaxError: invalid syntax"}),
            "SyntaxError: invalid syntax");
  EXPECT_EQ(find_python_exception({"  File \"/x.py\", line 1", "said by something else"}), std::nullopt);
}

TEST(PythonException, IsTheRanksAndNotTorchruns) {
  const Lines torchrun = {"Traceback (most recent call last):", "  File \"torchrun\"",
                          "torch.distributed.elastic.multiprocessing.errors.ChildFailedError: "};
  EXPECT_EQ(find_python_exception(torchrun), std::nullopt);
  Lines both = {"Traceback (most recent call last):", "  File \"train.py\"", "ValueError: x"};
  both.insert(both.end(), torchrun.begin(), torchrun.end());
  EXPECT_EQ(find_python_exception(both), "ValueError: x");
}

TEST(PythonException, IsNotFoundWhereThereIsNone) {
  EXPECT_EQ(find_python_exception({}), std::nullopt);
  EXPECT_EQ(find_python_exception({"ValueError: but no traceback"}), std::nullopt);
  EXPECT_EQ(find_python_exception({"Traceback (most recent call last):", "  File \"cut off\""}),
            std::nullopt);
}

// PyTorch 2.2 and later, once the ranks have found each other.
TEST(PythonException, IsFoundBehindTheRank) {
  EXPECT_EQ(find_python_exception(
                {"[rank3]: Traceback (most recent call last):", "[rank3]:   File \"x.py\", line 1",
                 "[rank3]:     work()", "[rank3]: ValueError: no such thing"}),
            "ValueError: no such thing");
  EXPECT_EQ(find_python_exception(
                {"[rank3]:   File \"/x.py\", line 1", "[rank3]:     (", "[rank3]: SyntaxError: no"}),
            "SyntaxError: no");
}

TEST(PythonException, HasNoColours) {
  EXPECT_EQ(
      find_python_exception({"Traceback (most recent call last):", "  File \x1b[35m\"x.py\"\x1b[0m, line 1",
                             "\x1b[1;35mValueError\x1b[0m: \x1b[35mno such thing\x1b[0m"}),
      "ValueError: no such thing");
}

TEST(Traceback, IsAPlaceAmongTheLines) {
  const Lines lines = {
      "before", "Traceback (most recent call last):", "  File \"x.py\"", "KeyError: 1", "noise", "noise"};
  const auto found = find_traceback(lines);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->begin, 1U);
  EXPECT_EQ(found->end, 3U);
  EXPECT_EQ(found->exception, "KeyError: 1");
  const auto place = find_traceback({"noise", "  File \"/x.py\", line 1", "    (", "SyntaxError: no"});
  ASSERT_TRUE(place);
  EXPECT_EQ(place->begin, 1U);
  EXPECT_EQ(place->end, 3U);
  EXPECT_FALSE(find_traceback({"noise"}));
}

TEST(WithoutColours, LeavesOutTheSequencesOfATerminal) {
  const std::pair<const char*, const char*> table[] = {
      {"plain", "plain"},
      {"\x1b[31mred\x1b[0m", "red"},
      {"\x1b[1;38;5;9mbold\x1b[K", "bold"},
      {"a\x1b[", "a"},
      {"a\x1b[12;", "a"},
      {"\x1b]0;title", "\x1b]0;title"},
      {"[31m", "[31m"},
      {"é\x1b[0mé", "éé"},
      {"", ""},
  };
  for (const auto& [text, plain] : table) EXPECT_EQ(without_colours(text), plain) << text;
}

}  // namespace
}  // namespace smlaunch
