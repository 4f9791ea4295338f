// SPDX-License-Identifier: Apache-2.0
#include "launcher/job/job_cluster.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/launcher/job/small_facts.hpp"

namespace smlaunch {
namespace {

using testing::ElementsAre;

const MadeUp two_gpus = {1, 4, 1, {0, 0}, {}};

struct Made {
  std::vector<int> ranks;
  std::vector<TopologySource> machines;
  Sources sources;
  std::string problem;
  HostDomains domains;
};

Made make(const Options& options, const Facts& facts, LauncherKind launcher = LauncherKind::mpi,
          const ProcessCounts& counts = {}, const std::vector<std::string>& spares = {}) {
  Made made;
  const auto machines =
      make_cluster(options, facts, launcher, counts, facts.environment->hosts, spares, made.sources);
  made.problem = first_problem(machines);
  if (!machines) return made;
  made.domains = machines->domains;
  for (const Host& host : machines->cluster.hosts) {
    made.ranks.push_back(host.ranks);
    made.machines.push_back(host.source);
  }
  return made;
}

std::string source(const Made& made, const std::string& name) {
  for (const auto& [key, text] : made.sources)
    if (key == name) return text;
  return "";
}

TEST(MakeCluster, CountsRanksByTheFirstSourceThatSays) {
  Options options;
  Facts facts = small_facts(2);
  EXPECT_EQ(source(make(options, facts), "processes_per_host"), "default");
  change(facts, [](Environment& e) { e.num_neurons = 3; });
  Made made = make(options, facts);
  EXPECT_THAT(made.ranks, ElementsAre(3, 3));
  EXPECT_EQ(source(made, "processes_per_host"), "Neuron cores");
  facts.machine = make_machine(two_gpus);
  made = make(options, facts);
  EXPECT_THAT(made.ranks, ElementsAre(2, 2));
  EXPECT_EQ(source(made, "processes_per_host"), "GPUs");
  facts.given_hosts = {{{"algo-1", 5}, {"algo-2", {}}}};
  made = make(options, facts);
  EXPECT_THAT(made.ranks, ElementsAre(5, 2)) << "a host without slots has a rank for each GPU";
  EXPECT_EQ(source(made, "processes_per_host"), "slots given");
  const ProcessCounts counts = {4, {}, "hyperparameter sagemaker_mpi_num_of_processes_per_host", ""};
  made = make(options, facts, LauncherKind::mpi, counts);
  EXPECT_THAT(made.ranks, ElementsAre(4, 4));
  EXPECT_EQ(source(made, "processes_per_host"), "hyperparameter sagemaker_mpi_num_of_processes_per_host");
  options.processes_per_host = 6;
  made = make(options, facts, LauncherKind::mpi, counts);
  EXPECT_THAT(made.ranks, ElementsAre(6, 6));
  EXPECT_EQ(source(made, "processes_per_host"), "option --processes-per-host");
  EXPECT_THAT(make(options, facts, LauncherKind::process, counts).ranks, ElementsAre(1, 1));
  EXPECT_THAT(make(options, facts, LauncherKind::xla, counts).ranks, ElementsAre(2, 2));
}

TEST(MakeCluster, AssumesTheOtherHostsToBeLikeThisOne) {
  const Made made = make({}, small_facts(2));
  EXPECT_THAT(made.machines, ElementsAre(TopologySource::probed, TopologySource::assumed));
  EXPECT_EQ(source(made, "topology"), "this machine; the other hosts are assumed to be like it");
  EXPECT_EQ(source(make({}, small_facts(1)), "topology"), "this machine");
}

TEST(MakeCluster, TakesSavedMachinesForAllHostsOrForOne) {
  Facts facts = small_facts(2);
  facts.ask.saved_machine = [](const std::string& file) -> Result<Machine> {
    if (file == "gpus.json") return make_machine(two_gpus);
    return failure(Fault::configuration, file, "cannot be read");
  };
  Options options;
  options.topology = {"algo-2=gpus.json"};
  Made made = make(options, facts);
  EXPECT_THAT(made.machines, ElementsAre(TopologySource::probed, TopologySource::file));
  EXPECT_THAT(made.ranks, ElementsAre(1, 2));
  options.topology = {"gpus.json"};
  EXPECT_THAT(make(options, facts).ranks, ElementsAre(2, 2));
  options.topology = {"absent.json"};
  EXPECT_EQ(make(options, facts).problem, "absent.json: cannot be read");
  options.topology = {"algo-9=gpus.json"};
  EXPECT_EQ(make(options, facts).problem, "--topology algo-9=gpus.json: algo-9 is none of the hosts");
}

TEST(MakeCluster, KnowsTheNvlinkDomainsOfSavedMachinesAndOfSpareHostsWithOne) {
  Facts facts = small_facts(2);
  const NvlinkDomain rack{.cluster = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f", .clique = 1};
  facts.ask.saved_machine = [rack](const std::string& file) -> Result<Machine> {
    Machine machine = make_machine(two_gpus);
    if (file == "rack.json")
      for (Gpu& gpu : machine.gpus) gpu.domain = rack;
    return machine;
  };
  Options options;
  options.topology = {"algo-2=rack.json", "algo-8=rack.json", "algo-9=alone.json"};
  const Made made = make(options, facts, LauncherKind::mpi, {}, {"algo-8", "algo-9"});
  EXPECT_EQ(made.domains, (HostDomains{{"algo-2", rack}, {"algo-8", rack}}));
  options.topology = {"rack.json"};
  EXPECT_EQ(make(options, facts, LauncherKind::mpi, {}, {"algo-9"}).domains,
            (HostDomains{{"algo-1", rack}, {"algo-2", rack}, {"algo-9", rack}}));
  facts.machine = *facts.ask.saved_machine("rack.json");
  EXPECT_EQ(make({}, facts, LauncherKind::mpi, {}, {"algo-9"}).domains, (HostDomains{{"algo-1", rack}}))
      << "nobody has looked at the others";
}

TEST(MakeCluster, AsksTheOtherHostsOnlyWithProbe) {
  Facts facts = small_facts(2);
  facts.ask.machines_of_hosts = [](const std::vector<std::string>& hosts) -> Result<MachinesByHost> {
    EXPECT_THAT(hosts, ElementsAre("algo-2"));
    return MachinesByHost{{"algo-2", std::make_shared<const Machine>(make_machine(two_gpus))}};
  };
  Options options;
  EXPECT_THAT(make(options, facts).ranks, ElementsAre(1, 1));
  options.probe = true;
  const Made made = make(options, facts);
  EXPECT_THAT(made.ranks, ElementsAre(1, 2));
  EXPECT_THAT(made.machines, ElementsAre(TopologySource::probed, TopologySource::probed));
  EXPECT_EQ(source(made, "topology"), "each host was asked over SSH");
  facts.ask.machines_of_hosts = [](const std::vector<std::string>&) -> Result<MachinesByHost> {
    return failure(Fault::start, "algo-2", "does not answer");
  };
  EXPECT_EQ(make(options, facts).problem, "algo-2: does not answer");
}

TEST(MakeCluster, KnowsGroupAndInstanceTypeOfEachHost) {
  Facts facts = small_facts(3);
  change(facts, [](Environment& e) {
    e.current_instance_type = "ml.c5.xlarge";
    e.instance_groups = {{"big", "ml.p5.48xlarge", {"algo-2"}}};
  });
  Sources sources;
  const auto cluster =
      value_of(make_cluster({}, facts, LauncherKind::mpi, {}, facts.environment->hosts, {}, sources)).cluster;
  EXPECT_EQ(cluster.hosts[{0}].instance_type, "ml.c5.xlarge");
  EXPECT_EQ(cluster.hosts[{0}].group, "");
  EXPECT_EQ(cluster.hosts[{1}].instance_type, "ml.p5.48xlarge");
  EXPECT_EQ(cluster.hosts[{1}].group, "big");
}

TEST(CheckRanksOfXla, RefusesAnotherNumberThanThatOfTheGpus) {
  Host host;
  host.name = "algo-1";
  host.machine = std::make_shared<const Machine>(make_machine(two_gpus));
  const Cluster cluster = {{host}};
  Options options;
  EXPECT_TRUE(check_ranks_of_xla(options, LauncherKind::xla, cluster));
  options.processes_per_host = 2;
  EXPECT_TRUE(check_ranks_of_xla(options, LauncherKind::xla, cluster));
  options.processes_per_host = 3;
  EXPECT_TRUE(check_ranks_of_xla(options, LauncherKind::mpi, cluster));
  EXPECT_EQ(
      first_problem(check_ranks_of_xla(options, LauncherKind::xla, cluster)),
      "--processes-per-host: under launcher xla each host has a rank for each of its GPUs, 2 on algo-1");
}

}  // namespace
}  // namespace smlaunch
