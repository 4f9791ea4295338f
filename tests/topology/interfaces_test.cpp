// SPDX-License-Identifier: Apache-2.0
#include "topology/interfaces.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smlaunch {
namespace {

using testing::ElementsAre;

const std::vector<NetworkInterface> some = {{"lo", true, {"127.0.0.1"}},
                                            {"docker0", true, {"172.17.0.1"}},
                                            {"eth0", true, {"10.0.0.1", "fe80::1"}},
                                            {"ib0", true, {"10.1.0.1"}},
                                            {"eth1", false, {"10.2.0.1"}},
                                            {"eth2", true, {}},
                                            {"eth3", true, {"10.3.0.1"}, false},
                                            {"eth4", true, {"fe80::2"}},
                                            {"br0", true, {"10.4.0.1"}},
                                            {"br1", true, {"10.5.0.1"}, true, true}};

TEST(IsEnginesName, KnowsWhatContainerEnginesAndHypervisorsMake) {
  for (const char* name : {"docker0", "docker_gwbridge", "br-0123456789ab", "podman0", "podman1", "cni0",
                           "cni-podman0", "nerdctl0", "lxdbr0", "lxcbr0", "virbr0", "virbr0-nic", "cali1a2b",
                           "flannel.1", "cilium_host", "kube-ipvs0", "veth12ab", "tunl0", "dummy0"})
    EXPECT_TRUE(is_engines_name(name)) << name;
  for (const char* name : {"lo", "eth0", "ib0", "lora", "bond0", "ens5", "mydocker", "br0", "br-ex",
                           "br-0123456789a", "br-0123456789xy", "br-0123456789abc", "team0", "eth0.100"})
    EXPECT_FALSE(is_engines_name(name)) << name;
}

TEST(LeadsNowhere, IsLoopbackAnEnginesOrABridgeWithoutAPhysicalPort) {
  std::vector<std::string> nowhere;
  for (const NetworkInterface& each : some)
    if (leads_nowhere(each)) nowhere.push_back(each.name);
  EXPECT_THAT(nowhere, ElementsAre("lo", "docker0", "br1"));
}

TEST(InterfaceProblem, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {{"eth0", ""},
                                                       {"lo", ""},
                                                       {"br0", ""},
                                                       {"eth1", "is down"},
                                                       {"eth2", "has no address"},
                                                       {"eth3", "has no carrier"},
                                                       {"eth4", "has no address but link-local"},
                                                       {"eth9", "does not exist"}};
  for (const auto& [name, problem] : cases) {
    EXPECT_EQ(interface_problem(some, name, false), problem) << name;
    EXPECT_EQ(interface_problem(some, name, true), problem) << name;
  }
  EXPECT_EQ(interface_problem(some, "docker0", false), "") << "one host may use its own";
  EXPECT_EQ(interface_problem(some, "docker0", true),
            "is a container engine's, which leads to no other host");
  EXPECT_EQ(interface_problem(some, "br1", true),
            "is a bridge without a physical port, which leads to no other host");
  EXPECT_EQ(usable_interfaces(some), "eth0, ib0, br0");
}

TEST(PatternProblem, ReadsWhatNcclReads) {
  const std::pair<const char*, const char*> cases[] = {
      {"eth0", ""},
      {"eth", ""},
      {"=eth0", ""},
      {"=eth", "does not exist"},
      {"en,ib", ""},
      {"en", "matches no interface"},
      {"=eth1", "is down"},
      {"eth1", "eth1 is down"},
      {"=eth1,eth2", "eth1 is down"},
      {"=eth9,eth8", "matches no interface"},
      {"docker", "docker0 is a container engine's, which leads to no other host"},
      {"=lo", ""},
      {"^eth0", ""},
      {"^docker,lo", ""},
      {"^eth,ib,br", "leaves no interface that leads to another host"},
      {"^eth0,ib,br", "eth1 is down"},
      {"^=eth0,ib0,br0,eth1,eth2,eth3", "eth4 has no address but link-local"},
  };
  for (const auto& [pattern, problem] : cases)
    EXPECT_EQ(pattern_problem(some, pattern, true), problem) << pattern;
  EXPECT_EQ(pattern_problem(some, "docker", false), "");
}

TEST(SubnetContains, ComparesTheBitsOfTheNetwork) {
  EXPECT_TRUE(subnet_contains("10.0.0.0/24", "10.0.0.7"));
  EXPECT_FALSE(subnet_contains("10.0.0.0/24", "10.0.1.7"));
  EXPECT_TRUE(subnet_contains("10.0.0.0/23", "10.0.1.7"));
  EXPECT_TRUE(subnet_contains("0.0.0.0/0", "10.0.1.7"));
  EXPECT_TRUE(subnet_contains("10.0.0.7/32", "10.0.0.7"));
  EXPECT_TRUE(subnet_contains("fd00:1::/32", "fd00:1:2::3"));
  EXPECT_FALSE(subnet_contains("fd00:1::/32", "fd00:2::3"));
  for (const char* subnet : {"", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0/24", "10.0.0.0/2x", "::/0"})
    EXPECT_FALSE(subnet_contains(subnet, "10.0.0.7")) << subnet;
  EXPECT_FALSE(subnet_contains("10.0.0.0/24", "eth0"));
}

TEST(CommonSubnet, HasAnAddressOfEveryHost) {
  const std::vector<NetworkInterface> own = {
      {"lo", true, {"127.0.0.1"}, true, false, {"127.0.0.0/8"}},
      {"eth1", false, {"10.0.0.9"}, true, false, {"10.0.0.0/8"}},
      {"eth0", true, {"fd00::1", "10.0.0.1"}, true, false, {"fd00::/64", "10.0.0.0/24"}},
      {"ib0", true, {"10.1.0.1"}, true, false, {"10.1.0.0/16"}}};
  const auto found = [&](const std::vector<std::vector<std::string>>& hosts) {
    const auto [name, subnet] = common_subnet(own, hosts);
    return name + " " + subnet;
  };
  EXPECT_EQ(found({{"10.0.0.2"}, {"10.0.0.3"}}), "eth0 10.0.0.0/24");
  EXPECT_EQ(found({{"10.0.0.2", "10.1.0.2"}, {"10.1.0.3"}}), "ib0 10.1.0.0/16");
  EXPECT_EQ(found({{"fd00::2", "10.0.0.2"}, {"10.0.0.3"}}), "eth0 10.0.0.0/24");
  EXPECT_EQ(found({{"10.0.0.2"}, {"10.1.0.3"}}), " ") << "no subnet has both";
  EXPECT_EQ(found({{"10.0.0.2"}, {}}), " ") << "one is not known";
  EXPECT_EQ(found({{"fd00::2"}, {"fd00::3"}}), " ") << "Open MPI takes no such subnet";
  EXPECT_EQ(found({{"127.0.0.2"}}), " ");
  EXPECT_EQ(found({}), " ");
}

TEST(ChooseInterface, TakesTheInterfaceThatMostHostsAreReachedOver) {
  struct Case {
    std::vector<std::pair<std::string, std::string>> routes;
    const char* name;
    const char* why;
  };
  const Case cases[] = {
      {{{"b", "10.0.0.1"}}, "eth0", "the route to b goes over it"},
      {{{"b", "10.1.0.1"}, {"c", "10.0.0.1"}, {"d", "10.1.0.1"}},
       "ib0",
       "the route to b and 1 more goes over it"},
      {{{"b", "fe80::1"}, {"c", ""}}, "eth0", "the route to b goes over it"},
      {{{"b", "172.17.0.1"}, {"c", "172.17.0.1"}, {"d", "10.0.0.1"}}, "eth0", "the route to d goes over it"},
      {{{"b", "172.17.0.1"}}, "", "none chosen: b is reached over docker0, which leads to no other machine"},
      {{{"b", "127.0.0.1"}}, "", "none chosen: b is reached over lo, which leads to no other machine"},
      {{{"b", ""}}, "", "none chosen: no route to another host is known here"},
      {{}, "", "none chosen: no route to another host is known here"}};
  for (const Case& each : cases) {
    const ChosenInterface chosen = choose_interface(some, each.routes);
    EXPECT_EQ(chosen.name, each.name);
    EXPECT_EQ(chosen.why, each.why);
  }
}

TEST(ProbeInterfaces, LoopbackIsThereWithItsAddress) {
  const auto interfaces = probe_interfaces();
  EXPECT_EQ(interface_problem(interfaces, "lo", true), "");
  EXPECT_EQ(interface_problem(interfaces, "no-such-interface", true), "does not exist");
  for (const NetworkInterface& each : interfaces) {
    EXPECT_EQ(each.subnets.size(), each.addresses.size()) << each.name;
    for (std::size_t i = 0; i < each.addresses.size(); ++i)
      EXPECT_TRUE(subnet_contains(each.subnets[i], each.addresses[i])) << each.subnets[i];
  }
}

}  // namespace
}  // namespace smlaunch
