// SPDX-License-Identifier: Apache-2.0
#include "mpi/hostfile.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <ostream>

namespace smlaunch {

std::ostream& operator<<(std::ostream& out, const HostSlots& host) {
  return out << fmt::format("{}:{}", host.name, host.slots.value_or(-1));
}
std::ostream& operator<<(std::ostream& out, const Problem& problem) {
  return out << fmt::format("{{\"{}\", \"{}\", \"{}\"}}", problem.where, problem.what, problem.remedy);
}

namespace {

using Hosts = std::vector<HostSlots>;
using Problems = std::vector<Problem>;

TEST(HostOption, ReadsNamesAndSlots) {
  const struct {
    std::string text;
    Hosts hosts;
  } cases[] = {
      {"a", {{"a", {}}}},
      {"a:8,b:8", {{"a", 8}, {"b", 8}}},
      {"algo-2:1,algo-1", {{"algo-2", 1}, {"algo-1", {}}}},
      {"node_1.cluster.local:65536", {{"node_1.cluster.local", 65536}}},
      {"a:8, b:8", {{"a", 8}, {"b", 8}}},
      {"a:8 b:8\tc", {{"a", 8}, {"b", 8}, {"c", {}}}},
      {"\na:8\r\nb:8 ,c\n", {{"a", 8}, {"b", 8}, {"c", {}}}},
      {"198.18.0.1:2,[fe80::1]:4,[fe80::2]", {{"198.18.0.1", 2}, {"fe80::1", 4}, {"fe80::2", {}}}},
      {"gn[01-02,7]:8,login", {{"gn01", 8}, {"gn02", 8}, {"gn7", 8}, {"login", {}}}},
      {"r[1-2]n[1-2]-ib", {{"r1n1-ib", {}}, {"r1n2-ib", {}}, {"r2n1-ib", {}}, {"r2n2-ib", {}}}},
      {" a:2  b, c:1 ", {{"a", 2}, {"b", {}}, {"c", 1}}},
  };
  for (const auto& c : cases)
    EXPECT_EQ(parse_host_option(c.text, "--hosts").value_or(Hosts{}), c.hosts) << c.text;
}

TEST(HostOption, NamesTheEntryThatIsWrong) {
  const struct {
    std::string text;
    Problems problems;
  } cases[] = {
      {"", {{"--hosts", "no hosts are given", "name them: a:8,b:8"}}},
      {"a,,b,",
       {{"--hosts, entry 2", "an empty host name", ""}, {"--hosts, entry 4", "an empty host name", ""}}},
      {":8", {{"--hosts, entry 1", "':8' has no host name", ""}}},
      {"gn[4-1]:8", {{"--hosts, entry 1", "'gn[4-1]' has a range that runs backwards", ""}}},
      {"gn[1-2]x:", {{"--hosts, entry 1", "'' is no number of slots from 1 to 65536", ""}}},
      {"gn[1-3],gn2",
       {{"--hosts, entry 2", "host 'gn2' is named already as entry 1",
         "name each host once, with all its slots"}}},
      {" \n", {{"--hosts", "no hosts are given", "name them: a:8,b:8"}}},
      {"a, ,b", {{"--hosts, entry 2", "an empty host name", ""}}},
      {"a:8 b 8x:y", {{"--hosts, entry 3", "'y' is no number of slots from 1 to 65536", ""}}},
      {"-oProxyCommand=x", {{"--hosts, entry 1", "host name '-oProxyCommand=x' begins with a dash", ""}}},
      {"a;b", {{"--hosts, entry 1", "host name 'a;b' holds the character ';'", ""}}},
      {"a:0,b:65537,c:x,d:,e:1x",
       {{"--hosts, entry 1", "'0' is no number of slots from 1 to 65536", ""},
        {"--hosts, entry 2", "'65537' is no number of slots from 1 to 65536", ""},
        {"--hosts, entry 3", "'x' is no number of slots from 1 to 65536", ""},
        {"--hosts, entry 4", "'' is no number of slots from 1 to 65536", ""},
        {"--hosts, entry 5", "'1x' is no number of slots from 1 to 65536", ""}}},
      {"a:2,b,A:2",
       {{"--hosts, entry 3", "host 'A' is named already as entry 1",
         "name each host once, with all its slots"}}},
      {"fe80::1:8",
       {{"--hosts, entry 1", "'fe80::1:8' may be an IPv6 address with or without slots",
         "write an address in brackets: [fe80::1] or [fe80::1]:8"}}},
      {"[fe80::1", {{"--hosts, entry 1", "'[fe80::1' opens a bracket and does not close it", ""}}},
      {"[fe80::1]8", {{"--hosts, entry 1", "'8' follows the bracket where ':SLOTS' may stand", ""}}},
  };
  for (const auto& c : cases) {
    const Result<Hosts> hosts = parse_host_option(c.text, "--hosts");
    ASSERT_FALSE(hosts) << c.text;
    EXPECT_EQ(hosts.error().fault, Fault::usage);
    EXPECT_EQ(hosts.error().problems, c.problems) << c.text;
  }
}

TEST(Hostfile, IsReadAsOpenMpiReadsIt) {
  const struct {
    std::string text;
    Hosts hosts;
  } cases[] = {
      {"a slots=4\nb slots=3\n", {{"a", 4}, {"b", 3}}},
      {"a slots = 4\nb slots= 3", {{"a", 4}, {"b", 3}}},
      {"a\tslots=4 max_slots=8 # first\r\n\r\n# none\r\nb max-slots=2 slots=2\r\n", {{"a", 4}, {"b", 2}}},
      {"a slots=2 // x\n  b count=3\nc cpu=5\n", {{"a", 2}, {"b", 3}, {"c", 5}}},
      {"\xef\xbb\xbf"
       "a slots=4\n",
       {{"a", 4}}},
      {"a\nb\na\na\n", {{"a", 3}, {"b", {}}}},
      {"a:3\nb:2\n", {{"a", 3}, {"b", 2}}},
      {"a max_slots=4\n", {{"a", {}}}},
      {"[fe80::1]:2\n[fe80::2] slots=3\nfe80::3 slots=4\n", {{"fe80::1", 2}, {"fe80::2", 3}, {"fe80::3", 4}}},
      {"gn[01-02,7] slots=8\nlogin\n", {{"gn01", 8}, {"gn02", 8}, {"gn7", 8}, {"login", {}}}},
      {"a b:2, c\n d,e slots=3\n", {{"a", {}}, {"b", 2}, {"c", {}}, {"d", 3}, {"e", 3}}},
      {"gn[1-2]:4\n", {{"gn1", 4}, {"gn2", 4}}},
  };
  for (const auto& c : cases) EXPECT_EQ(parse_hostfile(c.text, "hosts").value_or(Hosts{}), c.hosts) << c.text;
}

TEST(Hostfile, NamesTheLineThatIsWrong) {
  const struct {
    std::string text;
    Problems problems;
  } cases[] = {
      {"", {{"hosts", "no hosts are listed", "one host a line: name slots=N"}}},
      {"# only\n\n", {{"hosts", "no hosts are listed", "one host a line: name slots=N"}}},
      {"a slots=0\nb slots=x\nc slots=-1\n",
       {{"hosts:1", "'0' is no number of slots from 1 to 65536", ""},
        {"hosts:2", "'x' is no number of slots from 1 to 65536", ""},
        {"hosts:3", "'-1' is no number of slots from 1 to 65536", ""}}},
      {"a 4\n",
       {{"hosts:1", "'4' stands where slots=N or max_slots=N may", "write the hosts first: name slots=N"}}},
      {"a slots=2 b\n",
       {{"hosts:1", "'b' stands where slots=N or max_slots=N may", "write the hosts first: name slots=N"}}},
      {"a slots\n",
       {{"hosts:1", "'slots' stands where slots=N or max_slots=N may",
         "write the hosts first: name slots=N"}}},
      {"gn[1-3] slots=2\ngn2 slots=2\n",
       {{"hosts:2", "host 'gn2' is on line 1 already, and one of the two says its slots",
         "say slots=N once, or repeat the bare name once per slot"}}},
      {"a,\n", {{"hosts:1", "an empty host name", ""}}},
      {"gn[2-1]\n", {{"hosts:1", "'gn[2-1]' has a range that runs backwards", ""}}},
      {"a slot=3\n", {{"hosts:1", "unknown setting 'slot'", "slots=N and max_slots=N are known"}}},
      {"a slots=4 max_slots=2\n", {{"hosts:1", "slots=4 is more than max_slots=2", ""}}},
      {"a:2 slots=2\n", {{"hosts:1", "the number of slots is given twice", ""}}},
      {"a slots=2\n\na\n",
       {{"hosts:3", "host 'a' is on line 1 already, and one of the two says its slots",
         "say slots=N once, or repeat the bare name once per slot"}}},
      {"a\na slots=2\n",
       {{"hosts:2", "host 'a' is on line 1 already, and one of the two says its slots",
         "say slots=N once, or repeat the bare name once per slot"}}},
      {"joe@a slots=2\n",
       {{"hosts:1", "'joe@a': a login name per host is not supported",
         "set User for the host in ~/.ssh/config"}}},
      {"a username=joe\n",
       {{"hosts:1", "a login name per host is not supported", "set User for the host in ~/.ssh/config"}}},
      {"^a\n+n1\n",
       {{"hosts:1", "'^a': excluded (^) and relative (+) hosts are not supported",
         "list the hosts of the job by name"},
        {"hosts:2", "'+n1': excluded (^) and relative (+) hosts are not supported",
         "list the hosts of the job by name"}}},
      {"\"a\" slots=2\n", {{"hosts:1", "host name '\"a\"' holds the character '\"'", ""}}},
      {"-oX slots=2\n", {{"hosts:1", "host name '-oX' begins with a dash", ""}}},
  };
  for (const auto& c : cases) {
    const Result<Hosts> hosts = parse_hostfile(c.text, "hosts");
    ASSERT_FALSE(hosts) << c.text;
    EXPECT_EQ(hosts.error().fault, Fault::configuration);
    EXPECT_EQ(hosts.error().problems, c.problems) << c.text;
  }
}

TEST(Hostfile, KeepsTenThousandHostsInTheirOrder) {
  std::string file;
  std::string option;
  for (int i = 10'000; i > 0; --i) {
    file += fmt::format("algo-{} slots=8\n", i);
    option += fmt::format("algo-{}:8{}", i, i > 1 ? "," : "");
  }
  const Result<Hosts> from_file = parse_hostfile(file, "hosts");
  ASSERT_TRUE(from_file);
  ASSERT_EQ(from_file->size(), 10'000U);
  EXPECT_EQ(from_file->front(), (HostSlots{"algo-10000", 8}));
  EXPECT_EQ(from_file->back(), (HostSlots{"algo-1", 8}));
  EXPECT_EQ(parse_host_option(option, "--hosts").value_or(Hosts{}), *from_file);
}

}  // namespace
}  // namespace smlaunch
