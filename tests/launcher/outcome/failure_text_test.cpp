// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/failure_text.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

constexpr std::size_t shown = 1024;

Outcome failed(std::vector<std::string> last_lines) {
  Outcome outcome;
  outcome.kind = OutcomeKind::failure;
  outcome.failure_class = FailureClass::user_code;
  outcome.message = "rank 1 on algo-1 exited with code 3";
  outcome.first_failure =
      FirstFailure{.rank = Rank{1},
                   .host = "algo-1",
                   .end = RankEnd{.status = Exited{3}, .last_lines = std::move(last_lines)},
                   .seconds = 1.0};
  return outcome;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

std::vector<std::string> deep_traceback() {
  std::vector<std::string> lines = {"Traceback (most recent call last):"};
  for (int i = 0; i < 100; ++i) lines.push_back("  File \"deep.py\", line " + std::to_string(i));
  lines.emplace_back("ValueError: no such thing");
  return lines;
}

TEST(FailureText, IsClassMessageAndTheLastLines) {
  Outcome outcome = failed({});
  EXPECT_EQ(render_failure(outcome), "user_code: rank 1 on algo-1 exited with code 3\n");
  outcome.first_failure.reset();
  EXPECT_EQ(render_failure(outcome), "user_code: rank 1 on algo-1 exited with code 3\n");
  EXPECT_EQ(render_failure(failed({"one", "two"})),
            "user_code: rank 1 on algo-1 exited with code 3\none\ntwo\n");
}

TEST(FailureText, ShowsTheEndOfTheTracebackFirstAndThenAllLines) {
  std::vector<std::string> lines = deep_traceback();
  lines.emplace_back("the very last words");
  const std::string text = render_failure(failed(lines));
  EXPECT_TRUE(text.starts_with("user_code: rank 1 on algo-1 exited with code 3\n  File \"deep.py\", line "))
      << text;
  const std::string all = "\nall last lines of rank 1 on algo-1:\n" + joined(lines);
  ASSERT_TRUE(text.ends_with(all)) << text;
  const std::string first = text.substr(0, text.size() - all.size());
  EXPECT_LE(first.size(), shown);
  EXPECT_GT(first.size(), shown - 100);
  EXPECT_TRUE(first.ends_with("  File \"deep.py\", line 99\nValueError: no such thing\n")) << first;
}

TEST(FailureText, IsNotDisplacedByWhatIsPrintedAfterTheTraceback) {
  std::vector<std::string> lines = deep_traceback();
  for (int i = 0; i < 150; ++i) lines.push_back("noise " + std::to_string(i));
  std::string text = render_failure(failed(lines));
  EXPECT_NE(text.substr(0, shown).find("line 99\nValueError: no such thing\n"), std::string::npos) << text;
  EXPECT_EQ(text.substr(0, shown).find("noise"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with("noise 149\n"));

  lines = {"Traceback (most recent call last):", "  File \"x.py\", line 1", "ValueError: short"};
  for (int i = 0; i < 150; ++i) lines.push_back("noise " + std::to_string(i));
  text = render_failure(failed(lines));
  EXPECT_TRUE(text.starts_with("user_code: rank 1 on algo-1 exited with code 3\n" +
                               joined({lines[0], lines[1], lines[2], "noise 0"})))
      << text;
}

TEST(FailureText, WithoutATracebackShowsTheLastLinesFirst) {
  std::vector<std::string> lines;
  for (int i = 0; i < 200; ++i) lines.push_back("line " + std::to_string(i));
  const std::string text = render_failure(failed(lines));
  EXPECT_NE(text.substr(0, shown).find("line 198\nline 199\n"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with(":\n" + joined(lines)));
}

TEST(FailureText, ShowsAReasonAndWhatFollowsItBeforeWhatCameFirst) {
  std::vector<std::string> lines;
  for (int i = 0; i < 150; ++i) lines.push_back("noise " + std::to_string(i));
  lines.emplace_back("Fatal Python error: Bus error");
  lines.emplace_back("  File \"train.py\", line 3 in work");
  const std::string text = render_failure(failed(lines));
  const std::string first = text.substr(0, text.find("\nall last lines"));
  EXPECT_LE(first.size(), shown);
  EXPECT_TRUE(
      first.ends_with("noise 149\nFatal Python error: Bus error\n  File \"train.py\", line 3 in work\n"))
      << first;
  for (int i = 0; i < 150; ++i) lines.push_back("  later frame " + std::to_string(i));
  EXPECT_NE(render_failure(failed(lines)).substr(0, shown).find("\nFatal Python error: Bus error\n  File"),
            std::string::npos);
}

TEST(FailureText, ShowsMpirunsWordsWhereNoRankIsToBlame) {
  Outcome outcome;
  outcome.kind = OutcomeKind::failure;
  outcome.failure_class = FailureClass::start;
  outcome.message = "the job could not be started";
  outcome.engine_lines = {"one", "two"};
  EXPECT_EQ(render_failure(outcome), "start: the job could not be started\none\ntwo\n");
  outcome.engine_lines.emplace_back(2000, 'x');
  EXPECT_NE(render_failure(outcome).find("\nall last lines of mpirun:\none\n"), std::string::npos);
}

TEST(FailureText, CutsALineThatIsLongerThanTheRoomBetweenTwoCharacters) {
  std::string line;
  for (int i = 0; i < 2500; ++i) line += "é";
  const std::string text = render_failure(failed({line}));
  const std::string first = text.substr(0, text.find("\nall last lines"));
  EXPECT_LE(first.size(), shown);
  EXPECT_GT(first.size(), shown - 10) << "the end of the line is worth more than nothing";
  EXPECT_TRUE(first.starts_with("user_code: rank 1 on algo-1 exited with code 3\né")) << first;
  EXPECT_TRUE(text.ends_with(":\n" + line + "\n"));
}

TEST(FailureText, HasAllLinesAlsoWhereTheMessageFillsTheRoom) {
  Outcome outcome = failed({"one"});
  outcome.message = std::string(2000, 'x');
  EXPECT_TRUE(render_failure(outcome).ends_with("x\n\nall last lines of rank 1 on algo-1:\none\n"));
}

TEST(LastLines, AreTheLastOrTheTracebackBeforeThem) {
  using Lines = std::vector<std::string>;
  const auto numbered = [](int count) {
    Lines lines;
    for (int i = 0; i < count; ++i) lines.push_back(std::to_string(i));
    return lines;
  };
  EXPECT_EQ(choose_last_lines(numbered(3), 3), numbered(3));
  EXPECT_EQ(choose_last_lines(numbered(5), 3), (Lines{"2", "3", "4"}));
  Lines lines = {"before", "Traceback (most recent call last):", "  File \"a\"", "  File \"b\"",
                 "KeyError: 1"};
  EXPECT_EQ(choose_last_lines(lines, 4), Lines(lines.begin() + 1, lines.end()));
  const Lines after = numbered(30);
  lines.insert(lines.end(), after.begin(), after.end());
  EXPECT_EQ(choose_last_lines(lines, 6),
            (Lines{"  File \"a\"", "  File \"b\"", "KeyError: 1", "[...]", "28", "29"}));
  EXPECT_EQ(choose_last_lines(lines, 20).front(), "Traceback (most recent call last):");
  EXPECT_EQ(choose_last_lines(lines, 34), Lines(lines.begin() + 1, lines.end()));
}

TEST(FailureText, HasNoColours) {
  Outcome outcome = failed({"\x1b[31mred\x1b[0m"});
  outcome.message += ": \x1b[1mbold\x1b[0m";
  EXPECT_EQ(render_failure(outcome), "user_code: rank 1 on algo-1 exited with code 3: bold\nred\n");
}

TEST(RenderFailure, IsTheTextThatIsThereAlready) {
  Outcome outcome;
  outcome.kind = OutcomeKind::failure;
  outcome.failure_class = FailureClass::install_module;
  outcome.message = "algo-2: pip exited with code 1";
  outcome.failure_file = "InstallModuleError:\nExitCode 1\n";
  EXPECT_EQ(render_failure(outcome), "InstallModuleError:\nExitCode 1\n");
}

}  // namespace
}  // namespace smlaunch
