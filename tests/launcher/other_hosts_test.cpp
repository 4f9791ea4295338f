// SPDX-License-Identifier: Apache-2.0
// What other hosts say of themselves, and what follows from it.
#include <gtest/gtest.h>

#include "launcher/job_interface.hpp"
#include "launcher/other_hosts.hpp"
#include "launcher/probe_hosts.hpp"
#include "launcher/report_error.hpp"
#include "tests/topology/made_up_machine.hpp"
#include "topology/machine_json.hpp"

namespace smlaunch {
namespace {

TEST(FindInterfaceAnswer, TellsTheProblemAndWhatCouldBeUsed) {
  using Answer = std::optional<std::pair<std::string, std::string>>;
  EXPECT_EQ(find_interface_answer("smlaunch 0.1.0\ninterface: is down|eth1, ib0\nno worker\n"),
            (Answer{{"is down", "eth1, ib0"}}));
  EXPECT_EQ(find_interface_answer("smlaunch 0.1.0\ninterface: does not exist|"),
            (Answer{{"does not exist", ""}}));
  EXPECT_EQ(find_interface_answer("smlaunch 0.1.0\ninterface: has no address"),
            (Answer{{"has no address", ""}}));
  EXPECT_EQ(find_interface_answer("smlaunch 0.1.0\nworker\n"), Answer{});
  EXPECT_EQ(find_interface_answer(""), Answer{});
}

TEST(InterfaceError, NamesHostAndInterface) {
  const Error error = interface_error("algo-2", "eth7", "is down", "eth0");
  EXPECT_EQ(exit_code_of(error.fault), 78);
  EXPECT_EQ(to_string(error.problems.front()),
            "algo-2: network interface eth7: is down there, so it cannot carry the job; name one that every "
            "host has: "
            "network_interface_name in resourceconfig.json, or with given hosts --mpi-options '-mca "
            "btl_tcp_if_include NAME' "
            "and NCCL_SOCKET_IFNAME; of those there, eth0 can");
}

TEST(JudgeHostAnswer, SaysWhatAHostLacks) {
  EXPECT_FALSE(judge_host_answer("eth0", "smlaunch 0.1.0\nworker\n"));
  EXPECT_FALSE(judge_host_answer("eth0", "smlaunch 0.1.0\nno worker\n"));
  const auto daemon = judge_host_answer("eth0", "smlaunch 0.1.0\nno worker\nno daemon\n");
  ASSERT_TRUE(daemon);
  EXPECT_EQ(daemon->cause, "Open MPI's daemon is not there beside the path of our mpirun");
  EXPECT_EQ(daemon->remedy, "install the same Open MPI at the same path");
  const auto interface = judge_host_answer("eth7", "smlaunch 0.1.0\ninterface: is down|eth0\nworker\n");
  ASSERT_TRUE(interface);
  EXPECT_EQ(interface->cause, "network interface eth7 is down there");
  EXPECT_EQ(interface->remedy, interface_error("", "", "", "eth0").problems.front().remedy);
}

TEST(ChoosesInterface, IsWhatOpenMpisParametersDo) {
  EXPECT_TRUE(chooses_interface({"-mca", "btl_tcp_if_include", "ib0"}));
  EXPECT_TRUE(chooses_interface({"--mca", "oob_tcp_if_exclude", "lo"}));
  EXPECT_FALSE(chooses_interface({"-mca", "btl", "^openib", "-x", "NCCL_DEBUG=INFO"}));
  EXPECT_FALSE(chooses_interface({}));
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
