// SPDX-License-Identifier: Apache-2.0
#include "topology/nvlink_domain.hpp"

#include <gtest/gtest.h>

#include "tests/topology/made_up_machine.hpp"

namespace smlaunch {
namespace {

const std::string rack = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f";

NvlinkDomain domain(unsigned clique) { return {.cluster = rack, .clique = clique}; }

// A machine with a GPU in each of these cliques; 0: in none.
Machine machine_in(const std::vector<unsigned>& cliques) {
  Machine machine = make_machine({1, 2, 1, std::vector<int>(cliques.size(), 0), {}});
  for (std::size_t i = 0; i < cliques.size(); ++i)
    if (cliques[i] != 0) machine.gpus[i].domain = domain(cliques[i]);
  return machine;
}

TEST(NvlinkDomain, OfAMachineIsTheOneThatItsUsableGpusTell) {
  EXPECT_EQ(domain_of(machine_in({})), std::nullopt);
  EXPECT_EQ(domain_of(machine_in({0, 0})), std::nullopt);
  EXPECT_EQ(domain_of(machine_in({3, 3, 3, 3})), domain(3));
  EXPECT_EQ(domain_of(machine_in({0, 3})), domain(3)) << "a GPU that is not registered yet denies nothing";
  Machine machine = machine_in({3, 4});
  EXPECT_EQ(domain_of(machine), std::nullopt);
  EXPECT_TRUE(has_several_domains(machine));
  machine.gpus[1].usable = false;
  EXPECT_EQ(domain_of(machine), domain(3));
  EXPECT_FALSE(has_several_domains(machine));
}

TEST(NvlinkDomain, IsWrittenAndReadAsItsClusterAndItsClique) {
  EXPECT_EQ(to_string(domain(4294967295U)), rack + "/4294967295");
  EXPECT_EQ(parse_nvlink_domain(rack + "/4294967295"), domain(4294967295U));
  for (const std::string& text :
       {std::string(), rack, rack + "/", rack + "/x", rack + "/-1", rack + "/1 ", rack + "/4294967296",
        "0" + rack + "/1", "0F" + rack.substr(2) + "/1", std::string(32, '0') + "/1", std::string("/1")})
    EXPECT_EQ(parse_nvlink_domain(text), std::nullopt) << text;
}

// Hosts by their domain, a letter each; "-": in none. The order that comes of it, as numbers.
std::string order_of(const std::string& hosts) {
  std::vector<std::optional<NvlinkDomain>> domains;
  for (const char each : hosts)
    domains.push_back(each == '-' ? std::nullopt : std::optional(domain(static_cast<unsigned>(each))));
  std::string order;
  for (const std::size_t i : order_by_domain(domains)) order += static_cast<char>('0' + i);
  return order;
}

TEST(NvlinkDomain, ItsHostsStandWhereTheFirstOfThemStands) {
  EXPECT_EQ(order_of(""), "");
  EXPECT_EQ(order_of("a"), "0");
  EXPECT_EQ(order_of("abab"), "0213");
  EXPECT_EQ(order_of("ab-ab-a"), "0361425");
  EXPECT_EQ(order_of("bcab"), "0312");
}

TEST(NvlinkDomain, NoHostMovesThatNeedNot) {
  for (const std::string hosts : {"------", "aaabbb", "a-bbb-c", "-a--b-"})
    EXPECT_EQ(order_of(hosts), std::string("0123456789").substr(0, hosts.size())) << hosts;
}

}  // namespace
}  // namespace smlaunch
