// SPDX-License-Identifier: Apache-2.0
#include "launcher/scheduler/excluded_hosts.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

using Names = std::vector<std::string>;

Names left_without(const Names& excluded, const Names& names) {
  std::vector<HostSlots> hosts;
  for (const std::string& name : names) hosts.push_back({name, 2});
  take_out_hosts(hosts, excluded);
  Names left;
  for (const HostSlots& host : hosts) left.push_back(host.name);
  return left;
}

TEST(ExcludedHosts, AreTakenOutWhereverTheirNameStands) {
  const Names hosts = {"gn1", "GN2", "gn3.cluster", "10.0.0.1"};
  EXPECT_EQ(left_without({}, hosts), hosts);
  EXPECT_EQ(left_without({"gn1", "gn2"}, hosts), (Names{"gn3.cluster", "10.0.0.1"}));
  EXPECT_EQ(left_without({"gn3", "gn1.cluster"}, hosts), (Names{"GN2", "10.0.0.1"}));
  EXPECT_EQ(left_without({"gn3.other", "10", "10.0.0.2", "gn"}, hosts), hosts);
  EXPECT_EQ(left_without({"10.0.0.1"}, hosts), (Names{"gn1", "GN2", "gn3.cluster"}));
  std::vector<HostSlots> one = {{"a", 1}};
  EXPECT_EQ(take_out_hosts(one, {"A"}), Names{"a"});
  EXPECT_TRUE(one.empty());
}

TEST(ExcludedFile, IsAHostfileThatMayBeEmpty) {
  EXPECT_EQ(parse_excluded_file("gn1 slots=8\ngn[3-4]\n", "hosts.bad").value_or(Names{"?"}),
            (Names{"gn1", "gn3", "gn4"}));
  EXPECT_EQ(parse_excluded_file("", "hosts.bad").value_or(Names{"?"}), Names{});
  EXPECT_EQ(parse_excluded_file("# none\n\n // nor here", "hosts.bad").value_or(Names{"?"}), Names{});
  const auto wrong = parse_excluded_file("gn1 slots=x\n", "hosts.bad");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().problems.front().where, "hosts.bad:1");
}

}  // namespace
}  // namespace smlaunch
