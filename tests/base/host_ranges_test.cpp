// SPDX-License-Identifier: Apache-2.0
#include "base/host_ranges.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

using Names = std::vector<std::string>;

Names expand_all(std::string_view list) {
  Names all;
  for (const std::string_view entry : split_host_list(list)) {
    const auto names = expand_host_ranges(entry);
    if (!names) return {names.error()};
    all.insert(all.end(), names->begin(), names->end());
  }
  return all;
}

TEST(HostRanges, AreReadAsSlurmWritesThem) {
  const struct {
    std::string text;
    Names names;
  } cases[] = {
      {"gn[01-04,7],login", {"gn01", "gn02", "gn03", "gn04", "gn7", "login"}},
      {"algo-[1,3]", {"algo-1", "algo-3"}},
      {"n[8-11]", {"n8", "n9", "n10", "n11"}},
      {"n[098-101]", {"n098", "n099", "n100", "n101"}},
      {"rack[1-2]n[1-2]", {"rack1n1", "rack1n2", "rack2n1", "rack2n2"}},
      {"algo-[1-2]-eth", {"algo-1-eth", "algo-2-eth"}},
      {"a.b.c[1-2].d,x", {"a.b.c1.d", "a.b.c2.d", "x"}},
      {" a  b,c , d\n", {"a", "b", "c", "d"}},
      {"[1-2]", {"1", "2"}},
      {"", {}},
      {" \t", {}},
  };
  for (const auto& c : cases) EXPECT_EQ(expand_all(c.text), c.names) << c.text;
}

TEST(HostRanges, SayWhatIsWrong) {
  const struct {
    std::string text;
    std::string problem;
  } cases[] = {
      {"gn[4-1]", "'gn[4-1]' has a range that runs backwards"},
      {"gn[1-2", "'gn[1-2' opens a bracket and does not close it"},
      {"gn1-2]", "'gn1-2]' closes a bracket that it has not opened"},
      {"gn[]", "'gn[]' holds '' where a number or a range may stand"},
      {"gn[1,,2]", "'gn[1,,2]' holds '' where a number or a range may stand"},
      {"gn[a-b]", "'gn[a-b]' holds 'a-b' where a number or a range may stand"},
      {"gn[1-2-3]", "'gn[1-2-3]' holds '1-2-3' where a number or a range may stand"},
      {"gn[-1]", "'gn[-1]' holds '-1' where a number or a range may stand"},
      {"n[0-999999999]", "'n[0-999999999]' names more than 131072 hosts"},
      {"n[0-999]m[0-999]", "'n[0-999]m[0-999]' names more than 131072 hosts"},
      {"n[99999999999999999999]",
       "'n[99999999999999999999]' holds '99999999999999999999' where a number or a range may stand"},
  };
  for (const auto& c : cases) EXPECT_EQ(expand_all(c.text), Names{c.problem}) << c.text;
}

TEST(HostRanges, KeepTheEmptyEntriesBetweenCommas) {
  using Entries = std::vector<std::string_view>;
  EXPECT_EQ(split_host_list("a,,b,"), (Entries{"a", "", "b", ""}));
  EXPECT_EQ(split_host_list(",a"), (Entries{"", "a"}));
  EXPECT_EQ(split_host_list("a , b c"), (Entries{"a", "b", "c"}));
  EXPECT_EQ(split_host_list("a[1,2],[fe80::1]:2"), (Entries{"a[1,2]", "[fe80::1]:2"}));
}

}  // namespace
}  // namespace smlaunch
