// SPDX-License-Identifier: Apache-2.0
// What a run asks of its other hosts, and what it knows of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "launcher/job/job_interface.hpp"
#include "launcher/job/probe_hosts.hpp"
#include "launcher/outcome/report_error.hpp"
#include "launcher/session/lost_hosts.hpp"
#include "launcher/session/other_hosts.hpp"
#include "tests/topology/made_up_machine.hpp"
#include "topology/machine_json.hpp"

namespace smlaunch {
namespace {

TEST(InterfaceError, NamesHostAndInterfaceAndWhoNamedIt) {
  const auto line = [](const WantedInterface& wanted, const std::string& problem) {
    const Error error = interface_error("algo-2", wanted, problem, "eth0");
    EXPECT_EQ(exit_code_of(error.fault), 78);
    return to_string(error.problems.front());
  };
  EXPECT_EQ(
      line({.pattern = "=eth7"}, "is down"),
      "algo-2: network interface eth7: is down there, so it cannot carry the job; name an interface that "
      "every "
      "host has: network_interface_name in resourceconfig.json, or with given hosts --mpi-options '-mca "
      "btl_tcp_if_include NAME' and NCCL_SOCKET_IFNAME; of those there, eth0 can");
  EXPECT_EQ(line({"=eth7", InterfaceUser::mpi_ranks, "-mca btl_tcp_if_include"}, "has no carrier"),
            "algo-2: network interface eth7 of -mca btl_tcp_if_include: has no carrier there, so it cannot "
            "carry the job; name an interface that every host has; of those there, eth0 can");
  EXPECT_EQ(line({"^docker", InterfaceUser::nccl}, "leaves none that leads to another host"),
            "algo-2: NCCL_SOCKET_IFNAME=^docker: leaves none that leads to another host there, so it cannot "
            "carry the job; name an interface that every host has; of those there, eth0 can");
}

TEST(FindInterfaceErrors, AreOneForEachThatIsWrong) {
  const std::vector<NetworkInterface> interfaces = {{"eth0", true, {"10.0.0.1"}},
                                                    {"docker0", true, {"172.17.0.1"}}};
  const auto errors = find_interface_errors("a",
                                            {{.pattern = "=eth0"},
                                             {.pattern = "=docker0"},
                                             {"=ib0", InterfaceUser::mpi_ranks, "-mca btl_tcp_if_include"}},
                                            interfaces, true);
  ASSERT_TRUE(errors);
  ASSERT_EQ(errors->problems.size(), 2U);
  EXPECT_EQ(errors->problems[0].what,
            "is a container engine's, which leads to no other host there, so it cannot carry the job");
  EXPECT_EQ(errors->problems[1].where, "a: network interface ib0 of -mca btl_tcp_if_include");
  EXPECT_FALSE(find_interface_errors("a", {{.pattern = "=eth0"}}, interfaces, true));
  EXPECT_FALSE(find_interface_errors("a", {{.pattern = "=docker0"}}, interfaces, false))
      << "one host may use its own";
}

TEST(InterfacesToAvoid, AreLoopbackAndContainerEnginesUnlessHostsAreThere) {
  EXPECT_EQ(interfaces_to_avoid({"10.0.0.2"}),
            "127.0.0.1/8,172.17.0.0/16,docker0,virbr0,lxdbr0,podman0,cni0");
  EXPECT_EQ(interfaces_to_avoid({"172.17.0.2"}), "127.0.0.1/8,virbr0,lxdbr0,podman0,cni0");
}

TEST(MakeReadyRequest, WaitsForAWorkerOnlyWhereTheContainerPlatformPromisesOne) {
  Job job;
  job.environment = std::make_shared<const Environment>();
  job.spec.smlaunch = "/opt/smlaunch";
  const auto waits = [&] {
    const std::string command = make_ready_request({}, job, "worker-1", {}).login.command;
    return command.substr(command.rfind("worker-1"));
  };
  EXPECT_EQ(waits(), "worker-1 1");
  job.hosts_given = true;
  EXPECT_EQ(waits(), "worker-1 0");
}

TEST(MakeReadyRequest, LeavesATokenWhereItIsToAndNeverOnAHostThatIsOnlyTold) {
  Job job;
  job.environment = std::make_shared<const Environment>();
  job.spec.smlaunch = "/opt/smlaunch";
  const auto command = [&](bool leaves) {
    return make_ready_request({}, job, "worker-1", {}, leaves).login.command;
  };
  EXPECT_THAT(command(true), testing::HasSubstr(" worker --leave-token worker-1 1"));
  EXPECT_THAT(command(false), testing::HasSubstr(" worker worker-1 1"));
  EXPECT_EQ(farewell_command(job, "worker-1"), command(false));
  EXPECT_EQ(farewell_command(job, ""), "") << "there is nobody to tell";
}

TEST(FindUnconnected, NamesTheHostsThatNoConnectionLeadsTo) {
  const std::vector<std::string> hosts = {"a", "b"};
  const std::vector<std::vector<std::string>> addresses = {{"10.0.0.1"}, {"10.0.0.2", "192.168.0.2"}};
  EXPECT_EQ(find_unconnected(hosts, addresses, {"10.0.0.1"}), std::vector<std::string>{"b"});
  EXPECT_EQ(find_unconnected(hosts, addresses, {}), hosts);
  EXPECT_TRUE(find_unconnected(hosts, addresses, {"10.0.0.1", "192.168.0.2"}).empty());
  EXPECT_TRUE(find_unconnected(hosts, addresses, {"10.0.0.1", "172.16.0.2"}).empty())
      << "one has come by an address that is not known";
  EXPECT_TRUE(find_unconnected(hosts, {{"10.0.0.1"}, {}}, {"10.0.0.1"}).empty()) << "a name is not known";
}

TEST(ParseHostAnswer, FindsTheMachineBehindTheVersion) {
  const Machine machine = make_machine({2, 4, 2, {0, 1}, {0}});
  const auto found = parse_host_answer("algo-2", "smlaunch 0.1.0\n" + render_machine_json(machine));
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, machine);
  EXPECT_EQ(parse_host_answer("algo-2", "smlaunch 0.1.0\n").error().problems.front().where, "algo-2");
  EXPECT_FALSE(parse_host_answer("algo-2", "smlaunch 0.1.0\n{\"schema\": \"smlaunch.topology/1\", \"numa_no"))
      << "an answer that was cut off";
}

}  // namespace
}  // namespace smlaunch
