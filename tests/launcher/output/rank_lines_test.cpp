// SPDX-License-Identifier: Apache-2.0
#include "launcher/output/rank_lines.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace smlaunch {
namespace {

TEST(RankLines, CarryRankAndHost) {
  const LineOrigin origin{3, "a", false, 0, false};
  EXPECT_EQ(render_rank_lines(LogFormat::text, origin, "one\n\ntwo\n"), "[3 a] one\n[3 a] \n[3 a] two\n");
  EXPECT_EQ(render_rank_lines(LogFormat::text, origin, ""), "");
}

TEST(RankLines, OfAStarterCarryItsHostOnly) {
  EXPECT_EQ(render_rank_lines(LogFormat::text, {{}, "a", false, 0, false}, "one\n"), "[a] one\n");
}

TEST(RankLines, OfTheOnlyRankCarryNothing) {
  EXPECT_EQ(render_rank_lines(LogFormat::text, {0, "a", true, 0, true}, "one\ntwo\n"), "one\ntwo\n");
}

TEST(RankLines, AsJsonAreOneObjectALine) {
  EXPECT_EQ(render_rank_lines(LogFormat::json, {3, "a", true, 1.25, false}, "say \"x\"\n\n"),
            "{\"host\":\"a\",\"line\":\"say \\\"x\\\"\",\"rank\":3,\"stream\":\"stderr\",\"t\":1.250000}\n"
            "{\"host\":\"a\",\"line\":\"\",\"rank\":3,\"stream\":\"stderr\",\"t\":1.250000}\n");
  EXPECT_EQ(render_rank_lines(LogFormat::json, {{}, "a", false, 0, true}, "x\n"),
            "{\"host\":\"a\",\"line\":\"x\",\"rank\":null,\"stream\":\"stdout\",\"t\":0.000000}\n");
}

TEST(RankLines, AsJsonAreJsonWhateverWasPrinted) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte)
    if (byte != '\n') bytes += static_cast<char>(byte);
  const std::string text = render_rank_lines(LogFormat::json, {0, "a", false, 0, true}, bytes + "\n");
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  EXPECT_TRUE(nlohmann::json::parse(text)["line"].is_string());
}

TEST(LogFileName, NamesRankStreamAndTry) {
  EXPECT_EQ(log_file_name({3, "a", false, 0, false}, 0), "rank-3.stdout");
  EXPECT_EQ(log_file_name({3, "a", true, 0, false}, 2), "rank-3.restart-2.stderr");
  EXPECT_EQ(log_file_name({{}, "a", true, 0, false}, 0), "a.stderr");
}

TEST(RankLines, OnATerminalThePrefixIsColoredAndTheLineIsNot) {
  LineOrigin origin{.rank = 3, .host = "algo-2", .is_colored = true};
  EXPECT_EQ(render_rank_lines(LogFormat::text, origin, "a\nb\n"),
            "\033[36m[3 algo-2]\033[0m a\n\033[36m[3 algo-2]\033[0m b\n");
  origin.is_stderr = true;
  origin.rank.reset();
  EXPECT_EQ(render_rank_lines(LogFormat::text, origin, "a\n"), "\033[33m[algo-2]\033[0m a\n");
  EXPECT_EQ(render_rank_lines(LogFormat::json, origin, "a\n").find('\033'), std::string::npos);
  origin.alone = true;
  EXPECT_EQ(render_rank_lines(LogFormat::text, origin, "a\n"), "a\n");
}

}  // namespace
}  // namespace smlaunch
