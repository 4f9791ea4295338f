// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "launcher/job/job.hpp"
#include "tests/launcher/job/small_facts.hpp"

namespace smlaunch {
namespace {

using testing::ElementsAre;
using Strings = std::vector<std::string>;

constexpr const char* with_mpi = R"({"sagemaker_mpi_enabled": true})";

struct Case {
  const char* about;
  void (*change)(Options& options, Facts& facts);
  const char* name;    // of the value in the plan's sources
  const char* source;  // empty: it has none
  const char* hyperparameters = "{}";
};

TEST(AssembleJob, SaysForEachValueWhichSourceDecides) {
  const Case cases[] = {
      {"nothing said", [](Options&, Facts&) {}, "launcher", "default"},
      {"a hyperparameter", [](Options&, Facts&) {}, "launcher", "hyperparameter sagemaker_mpi_enabled",
       with_mpi},
      {"an option before the hyperparameter",
       [](Options& o, Facts&) {
         o.launcher = LauncherOption::ddp;
         o.sources["launcher"] = "variable SMLAUNCH_LAUNCHER";
       },
       "launcher", "variable SMLAUNCH_LAUNCHER", with_mpi},
      {"given hosts and a .py file",
       [](Options&, Facts& f) {
         give_hosts(f, {{{"a", 1}, {"b", 1}}});
       },
       "launcher", "default with given hosts for a .py entry point", with_mpi},
      {"given hosts and a command",
       [](Options&, Facts& f) {
         give_hosts(f, {{{"a", 1}, {"b", 1}}});
         change(f, [](Environment& e) { e.entry_point.name = "simulate"; });
       },
       "launcher", "default with given hosts for a command"},
      {"given hosts and a module",
       [](Options&, Facts& f) {
         give_hosts(f, {{{"a", 1}, {"b", 1}}});
         change(f, [](Environment& e) { e.entry_point.name = "-m pkg.train"; });
       },
       "launcher", "default with given hosts for a module"},
      {"smoke tests all hosts together", [](Options& o, Facts&) { o.command = Command::smoke; }, "launcher",
       "smlaunch smoke: all hosts together"},
      {"the folder", [](Options&, Facts& f) { f.base.source = "variable SAGEMAKER_BASE_DIR"; }, "base_dir",
       "variable SAGEMAKER_BASE_DIR"},
      {"the container's hosts", [](Options&, Facts&) {}, "hosts", "/opt/ml/input/config/resourceconfig.json"},
      {"another file of hosts",
       [](Options& o, Facts&) { o.sources["resource-config"] = "option --resource-config"; }, "hosts",
       "option --resource-config"},
      {"given hosts",
       [](Options& o, Facts& f) {
         o.hosts = "a:1";
         f.hosts_source = "option --hosts";
       },
       "hosts", "option --hosts"},
      {"one process on each host", [](Options&, Facts&) {}, "processes_per_host",
       "launcher process: one on each host"},
      {"mpirun's version", [](Options&, Facts&) {}, "open_mpi", "4.1.4, as it says", with_mpi},
      {"no mpirun, no version", [](Options&, Facts&) {}, "open_mpi", ""},
      {"mpi4py is not there", [](Options&, Facts&) {}, "mpi4py",
       "not found by /usr/bin/python3: without it a Python exception on one rank leaves the others waiting "
       "until they are stopped",
       with_mpi},
      {"mpi4py is there",
       [](Options&, Facts& f) {
         f.ask.has_mpi4py = [](const std::string& p) { return p == "/usr/bin/python3"; };
       },
       "mpi4py", "found by /usr/bin/python3", with_mpi},
      {"MPI options of the hyperparameter", [](Options&, Facts&) {}, "mpi_options",
       "hyperparameter sagemaker_mpi_custom_mpi_options",
       R"({"sagemaker_mpi_enabled": true, "sagemaker_mpi_custom_mpi_options": "-x A"})"},
      {"MPI options of the option",
       [](Options& o, Facts&) {
         o.mpi_options = "-x B";
         o.sources["mpi-options"] = "option --mpi-options";
       },
       "mpi_options", "option --mpi-options",
       R"({"sagemaker_mpi_enabled": true, "sagemaker_mpi_custom_mpi_options": "-x A"})"},
      {"MPI options under another launcher mean nothing", [](Options&, Facts&) {}, "mpi_options", "",
       R"({"sagemaker_mpi_custom_mpi_options": "-x A"})"},
      {"the number of all processes", [](Options&, Facts&) {}, "world_size",
       "hyperparameter sagemaker_mpi_num_processes",
       R"({"sagemaker_mpi_enabled": true, "sagemaker_mpi_num_processes": 3})"},
      {"processes per host by option stand before that", [](Options& o, Facts&) { o.processes_per_host = 2; },
       "world_size", "", R"({"sagemaker_mpi_enabled": true, "sagemaker_mpi_num_processes": 3})"},
      {"a free port", [](Options&, Facts&) {}, "master_port", "rank 0's agent picks a free one at the start",
       with_mpi},
      {"a port for torchrun on several hosts", [](Options&, Facts&) {}, "master_port",
       "7777: every host starts torchrun itself, and all must agree",
       R"({"sagemaker_torch_distributed_enabled": true})"},
      {"no port for processes", [](Options&, Facts&) {}, "master_port", ""},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.about);
    Options options;
    options.command = Command::dry_run;
    Facts facts = small_facts(2, each.hyperparameters);
    each.change(options, facts);
    const auto job = assemble_job(options, facts);
    ASSERT_TRUE(job) << first_problem(job);
    EXPECT_EQ(source_in(job->spec, each.name), each.source);
  }
}

TEST(AssembleJob, TakesWhatTheFactsSay) {
  const Job job = value_of(assemble_job({}, small_facts(2, with_mpi)));
  EXPECT_EQ(job.spec.launcher, LauncherKind::mpi);
  EXPECT_EQ(job.spec.python, "/usr/bin/python3");
  EXPECT_EQ(job.spec.smlaunch, "/usr/bin/smlaunch");
  EXPECT_EQ(job.spec.mpirun, "/usr/bin/mpirun");
  EXPECT_EQ(job.spec.open_mpi, (OpenMpiVersion{4, 1, 4}));
  EXPECT_FALSE(job.runs_alone);
  EXPECT_FALSE(job.is_worker());
}

TEST(AssembleJob, HasOnlyItsOwnHostWhereEachRunsAlone) {
  const Job alone = value_of(assemble_job({}, small_facts(3)));
  EXPECT_TRUE(alone.runs_alone);
  ASSERT_EQ(alone.cluster.hosts.size(), 1U);
  EXPECT_EQ(alone.cluster.hosts.front().name, "algo-1");
  Facts outside = small_facts(3, with_mpi);
  change(outside, [](Environment& e) { e.distribution_hosts = {"algo-2", "algo-3"}; });
  EXPECT_EQ(value_of(assemble_job({}, outside)).spec.launcher, LauncherKind::process);
}

TEST(AssembleJob, PutsTheLeaderFirst) {
  Facts facts = small_facts(3, with_mpi);
  change(facts, [](Environment& e) { e.leader = "algo-2"; });
  std::vector<std::string> names;
  for (const Host& host : value_of(assemble_job({}, facts)).cluster.hosts) names.push_back(host.name);
  EXPECT_THAT(names, ElementsAre("algo-2", "algo-1", "algo-3"));
}

// mpirun --version and the interpreter's start take time, names are asked for over the network.
TEST(AssembleJob, AsksOnlyWhatTheLauncherNeeds) {
  const auto forbid = [](Facts& facts) {
    facts.ask.open_mpi = []() -> Result<FoundOpenMpi> {
      ADD_FAILURE() << "mpirun was asked";
      return FoundOpenMpi{};
    };
    facts.ask.has_mpi4py = [](const std::string&) {
      ADD_FAILURE() << "the interpreter was asked";
      return false;
    };
    facts.ask.torchrun = [](const std::string&) {
      ADD_FAILURE() << "torchrun was asked";
      return Torchrun{};
    };
    facts.ask.interfaces = [] {
      ADD_FAILURE() << "interfaces were asked for";
      return std::vector<NetworkInterface>();
    };
  };
  Facts process = small_facts(2);
  forbid(process);
  EXPECT_TRUE(assemble_job({}, process));
  Facts ddp = small_facts(1, R"({"sagemaker_pytorch_ddp_enabled": true})");
  forbid(ddp);
  EXPECT_TRUE(assemble_job({}, ddp)) << "on one host with one rank there is no test either";
}

TEST(AssembleJob, RefusesMpiWithoutMpirun) {
  Facts facts = small_facts(2, with_mpi);
  facts.ask = Questions{};
  EXPECT_EQ(first_problem(assemble_job({}, facts)), "mpirun: is not on PATH");
}

TEST(AssembleJob, RefusesARunWithoutTorchrunAndPlansIt) {
  const Facts facts = small_facts(2, R"({"sagemaker_torch_distributed_enabled": true})");
  Options options;
  EXPECT_EQ(first_problem(assemble_job(options, facts)), "torchrun: is not on PATH");
  options.command = Command::dry_run;
  EXPECT_THAT(value_of(assemble_job(options, facts)).spec.nodes, ElementsAre("algo-1", "algo-2"));
}

TEST(AssembleJob, SetsSpareHostsAside) {
  Options options;
  options.spare_hosts = 1;
  const Job job = value_of(assemble_job(options, small_facts(3, with_mpi)));
  EXPECT_EQ(job.cluster.hosts.size(), 2U);
  EXPECT_THAT(job.spare_hosts, ElementsAre("algo-3"));
  EXPECT_EQ(job.spec.spare_hosts, job.spare_hosts);
  EXPECT_EQ(first_problem(assemble_job(options, small_facts(1, with_mpi))),
            "--spare-hosts: 1 of 1 hosts would leave none to run ranks");
  EXPECT_EQ(
      first_problem(assemble_job(options, small_facts(3))),
      "--spare-hosts: under launcher process each host runs by itself, and none can take another's place");
}

// Four hosts in two NVLink domains by turns, and one more host in the first, from the command line.
struct Racks {
  Facts facts = small_facts(1, with_mpi);
  Options options;
  Racks() {
    const auto saved = [](char rack) {
      Machine machine = make_machine({1, 2, 1, {0}, {}});
      machine.gpus[0].domain = NvlinkDomain{.cluster = std::string(32, rack), .clique = 1};
      return machine;
    };
    give_hosts(facts, {{{"a1", 1}, {"b1", 2}, {"a2", 3}, {"b2", 4}, {"a3", 5}}});
    facts.ask.saved_machine = [saved](const std::string& file) -> Result<Machine> { return saved(file[0]); };
    options.topology = {"a1=a", "a2=a", "a3=a", "b1=b", "b2=b"};
  }
};

Strings host_names(const Job& job) {
  Strings names;
  for (const Host& host : job.cluster.hosts) names.push_back(host.name + ":" + std::to_string(host.ranks));
  return names;
}

TEST(AssembleJob, PlacesTheHostsOfANvlinkDomainNextToEachOther) {
  const Racks racks;
  const Job job = value_of(assemble_job(racks.options, racks.facts));
  EXPECT_THAT(host_names(job), ElementsAre("a1:1", "a2:3", "a3:5", "b1:2", "b2:4"));
  EXPECT_EQ(source_in(job.spec, "host_order"), "the hosts of one NVLink domain stand next to each other");
  EXPECT_EQ(job.environment->leader, "a1");
}

TEST(AssembleJob, KeepsTheOrderOfHostsWhereItIsSaidOrMachinesAreNotKnown) {
  const Strings as_given = {"a1:1", "b1:2", "a2:3", "b2:4", "a3:5"};
  const auto order_of = [](const Racks& racks) {
    const Job job = value_of(assemble_job(racks.options, racks.facts));
    EXPECT_EQ(source_in(job.spec, "host_order"), "");
    return host_names(job);
  };
  Racks unknown;
  unknown.options.topology = {};
  unknown.facts.machine = *unknown.facts.ask.saved_machine("a");
  EXPECT_EQ(order_of(unknown), as_given);
  Racks mapped;
  mapped.options.mpi_options = "--map-by node";
  EXPECT_EQ(order_of(mapped), as_given);
  Racks by_file;
  by_file.options.mpi_options = "--rankfile ranks";
  EXPECT_EQ(order_of(by_file), as_given);
  Racks of_container;
  of_container.facts.given_hosts.reset();
  EXPECT_THAT(order_of(of_container), ElementsAre("a1:1", "b1:1", "a2:1", "b2:1", "a3:1"));
}

TEST(AssembleJob, HostsTellTheirNvlinkDomainWhereASpareOneMayBeChosenByIt) {
  Racks racks;
  racks.options.topology = {};
  EXPECT_FALSE(value_of(assemble_job(racks.options, racks.facts)).asks_domains) << "there is no spare host";
  racks.options.spare_hosts = 1;
  EXPECT_FALSE(value_of(assemble_job(racks.options, racks.facts)).asks_domains) << "this host is in none";
  racks.facts.machine = *racks.facts.ask.saved_machine("a");
  EXPECT_TRUE(value_of(assemble_job(racks.options, racks.facts)).asks_domains);
}

TEST(AssembleJob, TellsTheRanksOfAFolderThatTheRunMade) {
  Facts facts = small_facts(1);
  EXPECT_FALSE(value_of(plan_job(value_of(assemble_job({}, facts)))).environment.contains(base_dir_variable));
  facts.base = {"/root/jobs/1/opt/ml", "", true, true};
  const Job job = value_of(assemble_job({}, facts));
  EXPECT_EQ(job.base.path, "/root/jobs/1/opt/ml");
  EXPECT_EQ(value_of(plan_job(job)).environment.at(base_dir_variable), "/root/jobs/1/opt/ml");
}

TEST(AssembleJob, CallsTheOnlyHostLocalhostWhereItsNameLeadsNowhere) {
  Facts facts = small_facts(1, with_mpi);
  EXPECT_TRUE(value_of(assemble_job({}, facts)).spec.known_by_name);
  facts.ask.is_own_name = [](const std::string&) { return false; };
  const Job job = value_of(assemble_job({}, facts));
  EXPECT_FALSE(job.spec.known_by_name);
  EXPECT_EQ(source_in(job.spec, "mpirun_host"), "localhost: algo-1 is no name of this machine");
}

TEST(AssembleJob, RefusesMpiOptionsThatAreNoTextOrNoWords) {
  EXPECT_EQ(first_problem(assemble_job({}, small_facts(2, R"({"sagemaker_mpi_enabled": true,
                "sagemaker_mpi_custom_mpi_options": 7})"))),
            "hyperparameter sagemaker_mpi_custom_mpi_options: is no text");
  const auto open = assemble_job({}, small_facts(2, R"({"sagemaker_mpi_enabled": true,
                "sagemaker_mpi_custom_mpi_options": "-x 'A"})"));
  ASSERT_FALSE(open);
  EXPECT_TRUE(
      open.error().problems.front().where.starts_with("hyperparameter sagemaker_mpi_custom_mpi_options: "));
}

TEST(AssembleHosts, NeedNoProgram) {
  Facts facts = small_facts(2, with_mpi);
  change(facts, [](Environment& e) { e.entry_point.name.clear(); });
  EXPECT_FALSE(assemble_job({}, facts));
  const Job job = value_of(assemble_hosts({}, facts));
  EXPECT_EQ(job.cluster.hosts.size(), 2U);
  EXPECT_EQ(job.spec.mpirun, "/usr/bin/mpirun");
  facts.ask.has_mpirun = [] { return false; };
  EXPECT_FALSE(value_of(assemble_hosts({}, facts)).spec.open_mpi_is_decided);
}

// node-1 of two hosts that start themselves.
Facts facts_of_node(int node_rank) {
  Facts facts = small_facts(2);
  give_hosts(facts, {{{"gpu-a", {}}, {"node-1", {}}}});
  SelfStarted hosts;
  hosts.node_rank = node_rank;
  hosts.names = {"gpu-a", "node-1"};
  hosts.master_port = 24000;
  facts.self_started = hosts;
  change(facts, [&](Environment& environment) {
    environment.current_host = hosts.names[static_cast<std::size_t>(node_rank)];
    environment.leader = "gpu-a";
  });
  return facts;
}

Options options_with_token() {
  Options options;
  options.job_token = std::string(32, 'x');
  return options;
}

TEST(AssembleJob, HostsThatStartThemselvesAreLedByTheFirstWithoutMpi) {
  const Options options = options_with_token();
  const Job leader = value_of(assemble_job(options, facts_of_node(0)));
  EXPECT_FALSE(leader.is_worker());
  EXPECT_FALSE(leader.runs_alone);
  EXPECT_EQ(leader.spec.launcher, LauncherKind::ddp);
  EXPECT_EQ(leader.spec.master_port, 24000);
  EXPECT_EQ(source_in(leader.spec, "master_port"), "the environment of each host");
  EXPECT_EQ(value_of(plan_job(leader)).engine, Engine::hosts);
  EXPECT_TRUE(value_of(assemble_job(options, facts_of_node(1))).is_worker());

  Facts command = facts_of_node(0);
  change(command, [](Environment& environment) {
    environment.entry_point.name = "simulate";
    environment.entry_point.kind = EntryPointKind::command;
  });
  const Job of_command = value_of(assemble_job(options, command));
  EXPECT_EQ(of_command.spec.launcher, LauncherKind::ddp);
  EXPECT_EQ(source_in(of_command.spec, "launcher"), "default where hosts start themselves");
}

TEST(AssembleJob, HostsThatStartThemselvesCannotDoEverything) {
  Options options = options_with_token();
  options.launcher = LauncherOption::process;
  EXPECT_FALSE(value_of(assemble_job(options, facts_of_node(0))).runs_alone);
  options.launcher = LauncherOption::mpi;
  options.sources["launcher"] = "option --launcher";
  EXPECT_EQ(first_problem(assemble_job(options, facts_of_node(0))),
            "option --launcher: mpi does not work where hosts start themselves: no mpirun reaches them");
  options.launcher = LauncherOption::xla;
  EXPECT_EQ(first_problem(assemble_job(options, facts_of_node(0))),
            "option --launcher: xla does not work where hosts start themselves: it needs to know what they "
            "are called");
  options = options_with_token();
  options.spare_hosts = 1;
  options.sources["spare-hosts"] = "option --spare-hosts";
  EXPECT_EQ(first_problem(assemble_job(options, facts_of_node(0))),
            "option --spare-hosts: hosts that start themselves have none to spare: each has its node rank");
  for (const char* name : {"host-check", "check-path", "gpu-memory-wait", "min-hosts"}) {
    options = options_with_token();
    options.sources[name] = std::string("option --") + name;
    if (name == std::string("host-check")) options.host_check = "true";
    if (name == std::string("check-path")) options.check_path = {"/data"};
    if (name == std::string("min-hosts")) options.min_hosts = 1;
    EXPECT_EQ(first_problem(assemble_job(options, facts_of_node(0))),
              std::string("option --") + name +
                  ": does not work where hosts start themselves: no host reaches another one before a try");
  }
}

TEST(AssembleJob, WhatIsAskedForBeforeATryMustBePossible) {
  Options options;
  options.check_path = {"/data", "data"};
  EXPECT_EQ(first_problem(assemble_job(options, small_facts(2, with_mpi))),
            "--check-path: \"data\" is not absolute");
  options.check_path = {"/data"};
  options.min_hosts = 1;
  options.host_check = "true";
  value_of(assemble_job(options, small_facts(2, with_mpi)));
  const char* const fixed = R"({"sagemaker_mpi_enabled": true, "sagemaker_mpi_num_processes": 4})";
  EXPECT_EQ(first_problem(assemble_job(options, small_facts(2, fixed))),
            "--min-hosts: the job has 4 ranks, however many hosts there are: fewer hosts would get more of "
            "them each");
  options.processes_per_host = 2;
  value_of(assemble_job(options, small_facts(2, fixed)));
}

TEST(AssembleJob, HostsThatStartThemselvesNeedATokenForAllButADryRun) {
  Options options;
  EXPECT_EQ(
      first_problem(assemble_job(options, facts_of_node(1))),
      "SMLAUNCH_JOB_TOKEN: is not set: hosts that start themselves know each other by a secret of theirs");
  options.command = Command::dry_run;
  EXPECT_EQ(first_problem(assemble_job(options, facts_of_node(1))), "");
}

}  // namespace
}  // namespace smlaunch
