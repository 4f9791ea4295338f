// SPDX-License-Identifier: Apache-2.0
#include "mpi/tagged_line.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(TaggedLine, IsAProcessesLine) {
  struct Case {
    std::string_view line;
    int rank;
    bool is_stderr;
    std::string_view text;
  };
  const Case cases[] = {
      {"[1,0]<stdout>:hello", 0, false, "hello"},
      {"[1,15999]<stderr>:hello", 15999, true, "hello"},
      {"[1,0]<stdout>:", 0, false, ""},
      {"[1,0]<stdout>:  indented", 0, false, "  indented"},
      {"[1,2]<stdout>:[1,3]<stderr>:what a rank itself printed", 2, false,
       "[1,3]<stderr>:what a rank itself printed"},
      {"[prterun-host-99@1,7]<stderr>:hello", 7, true, "hello"},
  };
  for (const Case& each : cases) {
    const auto found = parse_tagged_line(each.line);
    ASSERT_TRUE(found) << each.line;
    EXPECT_EQ(found->rank, each.rank) << each.line;
    EXPECT_EQ(found->is_stderr, each.is_stderr) << each.line;
    EXPECT_EQ(found->text, each.text) << each.line;
  }
}

TEST(TaggedLine, IsNotMpirunsOwnWord) {
  for (const char* line :
       {"", "hello", "[", "[1,0]", "[1,0]<stdin>:x", "[1,0]<stdout>", "[1]<stdout>:x", "[1,x]<stdout>:x",
        "[1,]<stdout>:x", "[1,-1]<stdout>:x", "[1,0 ]<stdout>:x", "[1, 0]<stdout>:x", " [1,0]<stdout>:x",
        "[1,99999999999]<stdout>:x", "[host:123] mca_oob_tcp: problem", "[host:123] see [1,0]<stdout>:x",
        "--------------------------------------------------------------------------"})
    EXPECT_FALSE(parse_tagged_line(line)) << line;
}

}  // namespace
}  // namespace smlaunch
