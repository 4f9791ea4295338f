// SPDX-License-Identifier: Apache-2.0
#include "base/host_name.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace smlaunch {
namespace {

TEST(HostName, NamesAndAddressesAreLetThrough) {
  for (const char* name : {"algo-1", "a", "ip-10-0-0-1.ec2.internal", "my_host", "10.0.0.1", "::1", "fe80::1",
                           "[fe80::1]", "2001:db8::192.0.2.1", "A.B.", "0"}) {
    EXPECT_EQ(host_name_problem(name), std::nullopt) << name;
  }
  EXPECT_EQ(host_name_problem(std::string(253, 'a')), std::nullopt);
}

TEST(HostName, AnythingElseIsRefusedWithTheReason) {
  const std::vector<std::pair<std::string, const char*>> cases = {
      {"", "is empty"},
      {std::string(254, 'a'), "is longer than 253 characters"},
      {"-oProxyCommand=x", "begins with a dash"},
      {"a b", "holds a blank"},
      {"a\tb", "holds a blank"},
      {"a\n", "holds a control character"},
      {std::string("a\0b", 3), "holds a control character"},
      {"h\xc3\xb6st", "holds a character that is not ASCII"},
      {"a;b", "holds the character ';'"},
      {"a'b", "holds the character \"'\""},
      {"$(id)", "holds the character '$'"},
      {"a,b", "holds the character ','"},
      {"user@host", "holds the character '@'"},
      {"fe80::1%eth0", "holds the character '%'"},
      {"a:8", "holds a colon but is no IPv6 address"},
      {"fe80:1", "holds a colon but is no IPv6 address"},
      {"a::z", "holds a colon but is no IPv6 address"},
      {"[host]", "holds a bracket that encloses no IPv6 address"},
      {"[::1", "holds a bracket that encloses no IPv6 address"},
      {"::1]", "holds a bracket that encloses no IPv6 address"},
      {"[[::1]]", "holds a bracket that encloses no IPv6 address"},
      {"[", "holds a bracket that encloses no IPv6 address"},
      {"[]", "holds a bracket that encloses no IPv6 address"},
      {"..", "holds no letter and no digit"},
      {"_", "holds no letter and no digit"},
  };
  for (const auto& [name, problem] : cases) EXPECT_EQ(host_name_problem(name), problem) << name;
}

}  // namespace
}  // namespace smlaunch
