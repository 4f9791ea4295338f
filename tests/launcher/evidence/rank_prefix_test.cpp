// SPDX-License-Identifier: Apache-2.0
#include "launcher/evidence/rank_prefix.hpp"

#include <gtest/gtest.h>

#include <string>
#include <tuple>

namespace smlaunch {
namespace {

TEST(RankPrefix, IsTorchrunsOrTheRanksOwnOrBoth) {
  const std::tuple<const char*, std::optional<int>, std::optional<int>, const char*> table[] = {
      {"[default1]:text", 1, {}, "text"},
      {"[default12]:  File", 12, {}, "  File"},
      {"[rank3]: text", {}, 3, "text"},
      {"[rank3]:   File", {}, 3, "  File"},
      {"[rank3]: ", {}, 3, ""},
      {"[default1]:[rank9]: text", 1, 9, "text"},
      {"text", {}, {}, "text"},
      {"[default]:x", {}, {}, "[default]:x"},
      {"[default1] x", {}, {}, "[default1] x"},
      {"[rank-1]: x", {}, {}, "[rank-1]: x"},
      {" [rank1]: x", {}, {}, " [rank1]: x"},
      {"[epoch1]: x", {}, {}, "[epoch1]: x"},
      {"", {}, {}, ""},
  };
  for (const auto& [line, local_rank, rank, rest] : table) {
    const RankPrefix prefix = parse_rank_prefix(line);
    EXPECT_EQ(prefix.local_rank, local_rank) << line;
    EXPECT_EQ(prefix.rank, rank) << line;
    EXPECT_EQ(std::string(line).substr(prefix.length), rest) << line;
  }
}

}  // namespace
}  // namespace smlaunch
