// SPDX-License-Identifier: Apache-2.0
#include "topology/cgroup.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(Cgroup, VersionTwosQuotaIsTimeOutOfAPeriod) {
  EXPECT_EQ(parse_cpu_max("200000 100000\n"), 2.0);
  EXPECT_EQ(parse_cpu_max("50000 100000"), 0.5);
  for (const char* text :
       {"max 100000\n", "", "200000", "200000 0", "0 100000", "-1 100000", "a b", "1 2 3"}) {
    EXPECT_EQ(parse_cpu_max(text), std::nullopt) << text;
  }
}

TEST(Cgroup, VersionOnesQuotaIsTwoNumbers) {
  EXPECT_EQ(parse_cfs_quota("350000\n", "100000\n"), 3.5);
  EXPECT_EQ(parse_cfs_quota("-1\n", "100000\n"), std::nullopt);
  EXPECT_EQ(parse_cfs_quota("", ""), std::nullopt);
}

TEST(Cgroup, TheProcessesPathsAreFoundInEitherVersion) {
  EXPECT_EQ(parse_cgroup_paths("0::/kubepods/pod1\n"), (CgroupPaths{"/kubepods/pod1", ""}));
  EXPECT_EQ(parse_cgroup_paths("12:cpuset:/x\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/y\n"),
            (CgroupPaths{"", "/docker/abc"}));
  EXPECT_EQ(parse_cgroup_paths("2:cpuacct:/a\n1:cpu:/b\n0::/\n"), (CgroupPaths{"/", "/b"}));
  EXPECT_EQ(parse_cgroup_paths("no colons\n1:cpu\n1:cpu:relative\n"), CgroupPaths{});
  EXPECT_EQ(parse_cgroup_paths(""), CgroupPaths{});
}

}  // namespace
}  // namespace smlaunch
