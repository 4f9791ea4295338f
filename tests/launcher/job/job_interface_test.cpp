// SPDX-License-Identifier: Apache-2.0
#include "launcher/job/job_interface.hpp"

#include <gtest/gtest.h>

#include "tests/launcher/job/small_facts.hpp"

namespace smlaunch {
namespace {

// A job of launcher `launcher` on two given hosts of which this machine is the first.
Job job_on_two(LauncherKind launcher) {
  Facts facts = small_facts(2);
  Job job;
  job.environment = job.spec.environment = facts.environment;
  job.hosts_given = true;
  job.spec.launcher = launcher;
  for (const std::string& name : facts.environment->hosts) {
    Host host;
    host.name = name;
    host.machine = std::make_shared<const Machine>(facts.machine);
    job.cluster.hosts.push_back(host);
  }
  return job;
}

Questions on_a_network() {
  Questions ask;
  ask.interfaces = [] {
    NetworkInterface loopback;
    loopback.name = "lo";
    loopback.addresses = {"127.0.0.1"};
    loopback.subnets = {"127.0.0.0/8"};
    NetworkInterface ethernet;
    ethernet.name = "eth0";
    ethernet.addresses = {"10.0.0.1"};
    ethernet.subnets = {"10.0.0.0/24"};
    return std::vector<NetworkInterface>{loopback, ethernet};
  };
  ask.routes = [](const std::vector<std::string>& hosts) {
    return std::vector<std::pair<std::string, std::string>>{{hosts.front(), "10.0.0.1"}};
  };
  return ask;
}

TEST(FindNetworkInterface, TakesTheResourceConfigs) {
  Job job = job_on_two(LauncherKind::mpi);
  Environment environment = *job.environment;
  environment.network_interface = "eth7";
  job.environment = std::make_shared<const Environment>(environment);
  job.hosts_given = false;
  find_network_interface(on_a_network(), job);
  EXPECT_EQ(job.spec.network_interface, "eth7");
  EXPECT_EQ(source_in(job.spec, "network_interface"), "resource config");
}

TEST(FindNetworkInterface, TakesWithGivenHostsTheOneThatLeadsToTheOthers) {
  Job job = job_on_two(LauncherKind::mpi);
  find_network_interface(on_a_network(), job);
  EXPECT_EQ(job.spec.network_interface, "eth0");
  EXPECT_EQ(source_in(job.spec, "network_interface"), "the route to algo-2 goes over it");
  EXPECT_EQ(job.spec.mpi_subnet, "");
}

TEST(FindNetworkInterface, IsNoneOfAJobOnOneHost) {
  Job job = job_on_two(LauncherKind::mpi);
  job.cluster.hosts.pop_back();
  find_network_interface(on_a_network(), job);
  EXPECT_EQ(job.spec.network_interface, "");
  EXPECT_EQ(source_in(job.spec, "network_interface"), "");
}

TEST(FindNetworkInterface, IsNotWhatTheOnlyHostLacks) {
  const auto source_with = [](LauncherKind launcher, const char* name, bool on_one_host) {
    Job job = job_on_two(launcher);
    Environment environment = *job.environment;
    environment.network_interface = name;
    if (on_one_host) {
      environment.hosts.pop_back();
      environment.distribution_hosts = environment.hosts;
      job.cluster.hosts.pop_back();
    }
    job.environment = std::make_shared<const Environment>(environment);
    job.hosts_given = false;
    find_network_interface(on_a_network(), job);
    return source_in(job.spec, "network_interface");
  };
  const std::string none = "none: one host needs none, and the resource config's ethwe does not exist here";
  EXPECT_EQ(source_with(LauncherKind::ddp, "ethwe", true), none);
  EXPECT_EQ(source_with(LauncherKind::torchrun, "ethwe", true), none);
  EXPECT_EQ(source_with(LauncherKind::ddp, "lo", true), "resource config");
  EXPECT_EQ(source_with(LauncherKind::mpi, "ethwe", true), "")
      << "SageMaker's local mode writes it everywhere";
  EXPECT_EQ(source_with(LauncherKind::ddp, "ethwe", false), "the route to algo-2 goes over it");
  EXPECT_EQ(source_with(LauncherKind::ddp, "eth9", false), "resource config") << "it is refused";
}

TEST(FindNetworkInterface, IsLeftToTheUsersMpiOptions) {
  Job job = job_on_two(LauncherKind::mpi);
  job.spec.mpi = parse_mpi_settings({"-mca", "btl_tcp_if_include", "ib0"}, "", {}, {}).value();
  find_network_interface(on_a_network(), job);
  EXPECT_EQ(job.spec.network_interface, "");
  EXPECT_EQ(source_in(job.spec, "network_interface"), "left to the MPI options given");
}

TEST(FindNetworkInterface, GivesMpirunTheSubnetThatAllAreInWhereThisMachineIsNoneOfThem) {
  Job job = job_on_two(LauncherKind::mpi);
  Environment environment = *job.environment;
  environment.current_host = "";
  job.environment = std::make_shared<const Environment>(environment);
  Questions ask = on_a_network();
  ask.addresses = [](const std::vector<std::string>& hosts) {
    return std::vector<std::vector<std::string>>(hosts.size(), {"10.0.0.9"});
  };
  find_network_interface(ask, job);
  EXPECT_EQ(job.spec.mpi_subnet, "10.0.0.0/24");
  EXPECT_EQ(job.spec.mpi_exclude, "");
  EXPECT_EQ(source_in(job.spec, "network_interface"),
            "none named: this machine, which leads, is none of the hosts; mpirun keeps to 10.0.0.0/24, the "
            "subnet of eth0 here that all the other hosts are in");
}

TEST(FindNetworkInterface, KeepsMpirunOffBridgesWhereNothingIsKnown) {
  Job job = job_on_two(LauncherKind::mpi);
  find_network_interface(Questions{}, job);
  EXPECT_EQ(job.spec.mpi_subnet, "");
  EXPECT_EQ(job.spec.mpi_exclude, interfaces_to_avoid({}));
  EXPECT_EQ(source_in(job.spec, "network_interface"),
            "none chosen: no route to another host is known here; mpirun keeps off loopback and container "
            "engines' bridges, because not every host's address is known here");
}

TEST(FindNetworkInterface, LeavesNamesOfThisMachineToOpenMpi) {
  Job job = job_on_two(LauncherKind::mpi);
  Questions ask;
  ask.addresses = [](const std::vector<std::string>& hosts) {
    return std::vector<std::vector<std::string>>(hosts.size(), {"127.0.0.1"});
  };
  find_network_interface(ask, job);
  EXPECT_EQ(job.spec.mpi_exclude, "");
  EXPECT_EQ(
      source_in(job.spec, "network_interface"),
      "none chosen: no route to another host is known here; left to Open MPI: the other hosts are names "
      "of this machine");
}

TEST(InterfacesToAvoid, SparesDockersSubnetWhereHostsAreInIt) {
  EXPECT_EQ(interfaces_to_avoid({"10.0.0.1"}),
            "127.0.0.1/8,172.17.0.0/16,docker0,virbr0,lxdbr0,podman0,cni0");
  EXPECT_EQ(interfaces_to_avoid({"172.17.0.4"}), "127.0.0.1/8,virbr0,lxdbr0,podman0,cni0");
}

}  // namespace
}  // namespace smlaunch
