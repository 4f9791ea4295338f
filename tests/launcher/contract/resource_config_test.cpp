// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/resource_config.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/launcher/contract/support.hpp"

namespace smlaunch {
namespace {

constexpr const char* file = "BASE/input/config/resourceconfig.json";

TEST(ResourceConfig, DefaultsAreTheToolkits) {
  const Environment environment = Container().environment();
  EXPECT_EQ(environment.hosts, (std::vector<std::string>{"algo-1", "algo-2"}));
  EXPECT_EQ(environment.current_host, "algo-1");
  EXPECT_EQ(environment.current_instance_type, "local");
  EXPECT_EQ(environment.current_instance_group, "homogeneousCluster");
  EXPECT_EQ(environment.network_interface, "eth0");
  EXPECT_TRUE(environment.current_instance_group_hosts.empty());
  EXPECT_FALSE(environment.is_hetero);
  EXPECT_TRUE(environment.is_leader);
}

TEST(ResourceConfig, HostsKeepTheOrderOfTheFile) {
  const Environment environment =
      Container("{}", R"({"current_host": "algo-2", "hosts": ["algo-10", "algo-2", "algo-1"]})")
          .environment();
  EXPECT_EQ(environment.hosts, (std::vector<std::string>{"algo-10", "algo-2", "algo-1"}));
  EXPECT_EQ(environment.leader, "algo-10");
  EXPECT_FALSE(environment.is_leader);
}

TEST(ResourceConfig, TheGroupsOfTheDistributionDecideWhoLeads) {
  const std::string resource =
      R"({"current_host": "c", "current_group_name": "gpu", "hosts": ["a", "b", "c"], "instance_groups": [
          {"instance_group_name": "cpu", "instance_type": "ml.c5", "hosts": ["a"]},
          {"instance_group_name": "gpu", "instance_type": "ml.p5", "hosts": ["b", "c"]}]})";
  const auto with = [&](const char* hyperparameters) {
    return Container(hyperparameters, resource).environment();
  };
  EXPECT_TRUE(with("{}").is_hetero);
  EXPECT_EQ(with("{}").leader, "a");
  EXPECT_TRUE(with("{}").distribution_hosts.empty());
  EXPECT_EQ(with(R"({"sagemaker_torch_distributed_enabled": "true"})").leader, "b");
  EXPECT_EQ(with(R"({"sagemaker_distribution_instance_groups": "[\"gpu\", \"cpu\"]"})").distribution_hosts,
            (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(with("{}").current_instance_group_hosts, (std::vector<std::string>{"b", "c"}));
}

TEST(ResourceConfig, WhatIsWrongIsNamedWithItsPath) {
  const std::pair<const char*, const char*> table[] = {
      {"5", ": must be an object, not 5"},
      {"[]", ": must be an object, not a list"},
      {R"({"current_host": "a"})", ": hosts: is missing"},
      {R"({"hosts": ["a"]})", ": current_host: is missing"},
      {R"({"current_host": "a", "hosts": 3})", ": hosts: must be a list, not 3"},
      {R"({"current_host": "a", "hosts": []})", ": hosts: is empty"},
      {R"({"current_host": "a", "hosts": ["a", 7]})", ": hosts[1]: must be text, not 7"},
      {R"({"current_host": "a", "hosts": ["a", "b", "a"]})", ": hosts[2]: \"a\" is already hosts[0]"},
      {R"({"current_host": "a", "hosts": ["a", "b c"]})",
       ": hosts[1]: \"b c\" is no host name: it holds a blank"},
      {R"({"current_host": "a", "hosts": ["a", "-b"]})",
       ": hosts[1]: \"-b\" is no host name: it begins with a dash"},
      {R"({"current_host": "a", "hosts": ["a", ""]})", ": hosts[1]: \"\" is no host name: it is empty"},
      {R"({"current_host": "c", "hosts": ["a", "b"]})", ": current_host: \"c\" is not in hosts"},
      {R"({"current_host": "", "hosts": ["a", "b"]})", ": current_host: \"\" is not in hosts"},
      {R"({"current_host": null, "hosts": ["a"]})", ": current_host: must be text, not null"},
      {R"({"current_host": "a", "hosts": ["a"], "network_interface_name": 7})",
       ": network_interface_name: must be text, not 7"},
      {R"({"current_host": "a", "hosts": ["a"], "current_instance_type": 5})",
       ": current_instance_type: must be text, not 5"},
      {R"({"current_host": "a", "hosts": ["a"], "instance_groups": {}})",
       ": instance_groups: must be a list, not an object"},
      {R"({"current_host": "a", "hosts": ["a"], "instance_groups": ["x"]})",
       ": instance_groups[0]: must be an object, not \"x\""},
      {R"({"current_host": "a", "hosts": ["a"], "instance_groups": [{"hosts": ["a"]}]})",
       ": instance_groups[0].instance_group_name: is missing"},
      {R"({"current_host": "a", "hosts": ["a"], "instance_groups": [{"instance_group_name": "g"}]})",
       ": instance_groups[0].hosts: is missing"},
      {R"({"current_host": "a", "hosts": ["a"],
           "instance_groups": [{"instance_group_name": "g", "hosts": ["b"]}]})",
       ": instance_groups[0].hosts[0]: \"b\" is not in hosts"},
      {R"({"current_host": "a", "hosts": ["a"],
           "instance_groups": [{"instance_group_name": "g", "hosts": ["a"]},
           {"instance_group_name": "h", "hosts": ["a"]}]})",
       ": instance_groups[1].hosts[0]: \"a\" is already instance_groups[0].hosts[0]"},
      {R"({"current_host": "a", "hosts": ["a"],
           "instance_groups": [{"instance_group_name": "g", "hosts": ["a"]},
           {"instance_group_name": "g", "hosts": []}]})",
       ": instance_groups[1].instance_group_name: a second group named g"},
  };
  for (const auto& [resource, message] : table)
    EXPECT_EQ(Container("{}", resource).problems(), file + std::string(message));
}

TEST(ResourceConfig, EveryProblemIsReportedAtOnce) {
  Container container(R"({"sagemaker_program": "5", "a=b": "1"})",
                      R"({"current_host": "x", "hosts": ["a", "a", "-"]})");
  container.write("input/config/inputdataconfig.json", "{\"tr");
  EXPECT_EQ(
      container.problems(),
      "BASE/input/config/hyperparameters.json: [\"a=b\"]: the name holds '=', so no SM_HP_ variable can have "
      "it\n"
      "BASE/input/config/inputdataconfig.json: line 1 column 2: is not JSON: a string that does not end\n"
      "BASE/input/config/resourceconfig.json: hosts[1]: \"a\" is already hosts[0]\n"
      "BASE/input/config/resourceconfig.json: hosts[2]: \"-\" is no host name: it begins with a dash\n"
      "BASE/input/config/resourceconfig.json: current_host: \"x\" is not in hosts\n"
      "BASE/input/config/hyperparameters.json: sagemaker_program: must be text, not 5");
}

TEST(ResourceConfig, WithoutAnInterfaceHasTheToolkitsDefault) {
  for (const char* key : {"", R"(, "network_interface_name": null)", R"(, "network_interface_name": "")"}) {
    const Container container("{}", std::string(R"({"current_host": "a", "hosts": ["a"])") + key + "}");
    EXPECT_EQ(container.environment().network_interface, "eth0") << key;
    EXPECT_EQ(sm_variables(container.environment()).at("SM_NETWORK_INTERFACE_NAME"), "eth0");
  }
}

TEST(ResourceConfig, AGroupThatIsNoneOfTheGroupsIsAWarning) {
  const Container container("{}", R"({"current_host": "a", "hosts": ["a"], "current_group_name": "x",
      "instance_groups": [{"instance_group_name": "g", "hosts": ["a"]}]})");
  EXPECT_EQ(
      container.warnings(),
      "BASE/input/config/resourceconfig.json: current_group_name: no group of instance_groups is named x");
  const Variables variables = sm_variables(container.environment());
  EXPECT_EQ(variables.at("SM_CURRENT_INSTANCE_GROUP"), "x");
  EXPECT_EQ(variables.at("SM_CURRENT_INSTANCE_GROUP_HOSTS"), "[]");
}

TEST(ResourceConfig, CurrentHostOptionTakesTheFileOfThatHost) {
  const std::string resource =
      R"({"current_host": "a", "current_group_name": "cpu", "current_instance_type": "ml.c5",
          "hosts": ["a", "b"],
          "instance_groups": [{"instance_group_name": "cpu", "instance_type": "ml.c5", "hosts": ["a"]},
                              {"instance_group_name": "gpu", "instance_type": "ml.p5", "hosts": ["b"]}]})";
  Container container("{}", resource);
  container.request.current_host = "b";
  const Environment environment = container.environment();
  EXPECT_EQ(environment.current_host, "b");
  EXPECT_EQ(environment.current_instance_group, "gpu");
  EXPECT_EQ(environment.current_instance_type, "ml.p5");
  EXPECT_EQ(*environment.resource_config.find("current_host")->string(), "b");

  container.request.current_host = "z";
  EXPECT_EQ(container.problems(), std::string("--current-host: \"z\" is not among the hosts of ") + file);

  Container without("{}", R"({"hosts": ["a", "b"]})");
  without.request.current_host = "b";
  EXPECT_EQ(without.environment().current_host, "b");
}

TEST(ResourceConfig, AnotherFileCanBeNamed) {
  Container container("{}", "");
  container.write("other.json", R"({"current_host": "o", "hosts": ["o"]})");
  container.request.resource_config = container.path() / "other.json";
  EXPECT_EQ(container.environment().current_host, "o");
  container.request.resource_config = container.path() / "absent.json";
  EXPECT_EQ(container.problems(), "BASE/absent.json: does not exist");
}

TEST(ResourceConfig, TenThousandHostsAreRead) {
  std::string hosts;
  for (int i = 1; i <= 10000; ++i) hosts += fmt::format("{}\"algo-{}\"", i > 1 ? "," : "", i);
  const std::string resource = fmt::format(
      R"({{"current_host": "algo-9999", "hosts": [{0}], "current_group_name": "g",
           "instance_groups": [{{"instance_group_name": "g", "instance_type": "t", "hosts": [{0}]}}]}})",
      hosts);
  const Environment environment = Container(R"({"sagemaker_mpi_enabled": "true"})", resource).environment();
  EXPECT_EQ(environment.hosts.size(), 10000U);
  EXPECT_EQ(environment.distribution_hosts, environment.hosts);
  EXPECT_EQ(environment.leader, "algo-1");
  EXPECT_EQ(HostVariables(environment).all("algo-77", 8, 2).at("SM_CURRENT_HOST"), "algo-77");
}

TEST(GivenHosts, NeedNoFileAndNoFolder) {
  Container container("", "");
  container.request.base_dir = container.path() / "absent";
  container.request.given_hosts = GivenHosts{{"n1", "n2"}, "n2"};
  const Environment environment = container.environment();
  EXPECT_EQ(environment.leader, "n1");
  EXPECT_FALSE(environment.is_leader);
  EXPECT_EQ(sm_variables(environment).at("SM_RESOURCE_CONFIG"),
            R"({"current_host":"n2","hosts":["n1","n2"]})");
  EXPECT_FALSE(std::filesystem::exists(container.request.base_dir));
}

TEST(GivenHosts, AMachineThatIsNoneOfThemLeads) {
  Container container;
  container.request.given_hosts = GivenHosts{{"n1", "n2"}, ""};
  const Environment environment = container.environment();
  EXPECT_TRUE(environment.is_leader);
  EXPECT_EQ(environment.current_host, "");
  EXPECT_EQ(environment.leader, "n1");
  EXPECT_EQ(environment.hosts, (std::vector<std::string>{"n1", "n2"}));
  EXPECT_EQ(sm_variables(environment).at("SM_CURRENT_HOST"), "");
  EXPECT_EQ(HostVariables(environment).all("n2", 0, 1).at("SM_RESOURCE_CONFIG"),
            R"({"current_host":"n2","hosts":["n1","n2"]})");
}

TEST(GivenHosts, AreCheckedToo) {
  Container container("", "");
  container.request.given_hosts = GivenHosts{{"n1", "n 2", "n1"}, "n3"};
  EXPECT_EQ(container.problems(),
            "the hosts given: hosts[1]: \"n 2\" is no host name: it holds a blank\n"
            "the hosts given: hosts[2]: \"n1\" is already hosts[0]\n"
            "the hosts given: current_host: \"n3\" is not in hosts");
  container.request.given_hosts = GivenHosts{{"n1"}, ""};
  container.request.current_host = "n9";
  EXPECT_EQ(container.problems(), "--current-host: \"n9\" is not among the hosts given");
  container.request.current_host.reset();
  container.request.given_hosts = GivenHosts{};
  EXPECT_EQ(container.problems(), "the hosts given: hosts: is empty");
}

}  // namespace
}  // namespace smlaunch
