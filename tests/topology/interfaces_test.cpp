// SPDX-License-Identifier: Apache-2.0
#include "topology/interfaces.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smlaunch {
namespace {

const std::vector<NetworkInterface> some = {
    {"lo", true, {"127.0.0.1"}}, {"docker0", true, {"172.17.0.1"}}, {"eth0", true, {"10.0.0.1", "fe80::1"}},
    {"ib0", true, {"10.1.0.1"}}, {"eth1", false, {"10.2.0.1"}},     {"eth2", true, {}}};

TEST(LeadsNowhere, IsWhatContainerEnginesMakeAndLoopback) {
  for (const char* name : {"lo", "docker0", "virbr0", "veth12ab", "cni0", "flannel.1"})
    EXPECT_TRUE(leads_nowhere(name)) << name;
  for (const char* name : {"eth0", "ib0", "lora", "bond0", "ens5", "mydocker"})
    EXPECT_FALSE(leads_nowhere(name)) << name;
}

TEST(InterfaceProblem, SaysWhatIsWrong) {
  EXPECT_EQ(interface_problem(some, "eth0"), "");
  EXPECT_EQ(interface_problem(some, "lo"), "") << "who names it means it";
  EXPECT_EQ(interface_problem(some, "eth1"), "is down");
  EXPECT_EQ(interface_problem(some, "eth2"), "has no address");
  EXPECT_EQ(interface_problem(some, "eth9"), "does not exist");
  EXPECT_EQ(usable_interfaces(some), "eth0, ib0");
}

TEST(ChooseInterface, TakesTheOneThatMostHostsAreReachedOver) {
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
  EXPECT_EQ(interface_problem(interfaces, "lo"), "");
  EXPECT_EQ(interface_problem(interfaces, "no-such-interface"), "does not exist");
}

}  // namespace
}  // namespace smlaunch
