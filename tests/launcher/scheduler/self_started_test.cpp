// SPDX-License-Identifier: Apache-2.0
#include "launcher/scheduler/self_started.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

namespace smlaunch {
namespace {

const Variables trainer = {{"PET_NNODES", "3"},
                           {"PET_NODE_RANK", "1"},
                           {"PET_MASTER_ADDR", "llm-node-0-0.llm"},
                           {"PET_MASTER_PORT", "29500"},
                           {"PET_NPROC_PER_NODE", "8"}};
const Variables job_set = {{"JOB_COMPLETION_INDEX", "2"},
                           {"MASTER_ADDR", "llm-workers-0-0.llm"},
                           {"MASTER_PORT", "3389"},
                           {"WORLD_SIZE", "4"}};

Variables with(Variables variables, const std::string& name, const std::string& value) {
  variables[name] = value;
  return variables;
}

Variables without(Variables variables, const std::string& name) {
  variables.erase(name);
  return variables;
}

// "1 of a b c | master 29500 | channel 29501 | 8 ranks | source"; of an error "where: what".
std::string tell(const Options& options, const Variables& variables) {
  const auto found = find_self_started(options, variables);
  if (!found) return found.error().problems.front().where + ": " + found.error().problems.front().what;
  if (!*found) return "none";
  const SelfStarted& hosts = **found;
  std::string text = fmt::format("{} of {}", hosts.node_rank, fmt::join(hosts.names, " "));
  if (hosts.master_port) text += fmt::format(" | master {}", *hosts.master_port);
  text += fmt::format(" | channel {}", hosts.channel_port);
  if (hosts.ranks_per_host)
    text += fmt::format(" | {} ranks of {}", *hosts.ranks_per_host, hosts.ranks_source);
  return text + " | " + hosts.source;
}

Options three_hosts() {
  Options options;
  options.nnodes = 3;
  options.node_rank = 2;
  options.master_addr = "10.0.0.7";
  return options;
}

TEST(FindSelfStarted, TakesTorchrunsOptions) {
  EXPECT_EQ(tell(three_hosts(), {}),
            "2 of 10.0.0.7 node-1 node-2 | channel 29501 | --nnodes, --node-rank, --master-addr: each host "
            "starts itself");
  Options options = three_hosts();
  options.master_port = 65535;
  EXPECT_EQ(
      tell(options, {}),
      "2 of 10.0.0.7 node-1 node-2 | master 65535 | channel 65534 | --nnodes, --node-rank, --master-addr: "
      "each host starts itself");
  options.channel_port = 4000;
  options.sources = {{"nnodes", "variable SMLAUNCH_NNODES"}};
  EXPECT_EQ(
      tell(options, {}),
      "2 of 10.0.0.7 node-1 node-2 | master 65535 | channel 4000 | variable SMLAUNCH_NNODES, --node-rank, "
      "--master-addr: each host starts itself");
}

TEST(FindSelfStarted, TakesWhatKubernetesSets) {
  EXPECT_EQ(tell({}, trainer),
            "1 of llm-node-0-0.llm llm-node-0-1 llm-node-0-2 | master 29500 | channel 29501 | 8 ranks of "
            "PET_NPROC_PER_NODE | PET_NNODES, PET_NODE_RANK, PET_MASTER_ADDR: each host starts itself");
  EXPECT_EQ(tell({}, with(trainer, "PET_NPROC_PER_NODE", "gpu")),
            "1 of llm-node-0-0.llm llm-node-0-1 llm-node-0-2 | master 29500 | channel 29501 | PET_NNODES, "
            "PET_NODE_RANK, PET_MASTER_ADDR: each host starts itself");
  EXPECT_EQ(
      tell({}, job_set),
      "2 of llm-workers-0-0.llm llm-workers-0-1 llm-workers-0-2 llm-workers-0-3 | master 3389 | channel "
      "3390 | WORLD_SIZE, JOB_COMPLETION_INDEX, MASTER_ADDR: each host starts itself");
  EXPECT_EQ(tell({}, {{"PET_NNODES", "2"}, {"JOB_COMPLETION_INDEX", "0"}, {"MASTER_ADDR", "a"}}),
            "0 of a node-1 | channel 29501 | PET_NNODES, JOB_COMPLETION_INDEX, MASTER_ADDR: each host starts "
            "itself");
}

TEST(FindSelfStarted, LetsAnOptionWinOverItsVariable) {
  Options options;
  options.node_rank = 0;
  EXPECT_EQ(tell(options, trainer),
            "0 of llm-node-0-0.llm llm-node-0-1 llm-node-0-2 | master 29500 | channel 29501 | 8 ranks of "
            "PET_NPROC_PER_NODE | PET_NNODES, --node-rank, PET_MASTER_ADDR: each host starts itself");
  options = three_hosts();
  options.scheduler = SchedulerOption::none;
  EXPECT_EQ(
      tell(options, trainer),
      "2 of 10.0.0.7 node-1 node-2 | channel 29501 | --nnodes, --node-rank, --master-addr: each host starts "
      "itself");
}

TEST(FindSelfStarted, FindsNoneWhereNobodySpeaksOfSeveralHosts) {
  EXPECT_EQ(tell({}, {}), "none");
  EXPECT_EQ(tell({}, with(trainer, "PET_NNODES", "1")), "none");
  EXPECT_EQ(tell({}, with(job_set, "WORLD_SIZE", "1")), "none");
  EXPECT_EQ(tell({}, without(job_set, "MASTER_ADDR")), "none");
  EXPECT_EQ(tell({}, without(job_set, "JOB_COMPLETION_INDEX")), "none");
  Options options;
  options.nnodes = 1;
  EXPECT_EQ(tell(options, {}), "none");
  options = {};
  options.scheduler = SchedulerOption::none;
  EXPECT_EQ(tell(options, trainer), "none");
}

TEST(FindSelfStarted, SaysWhatIsMissing) {
  EXPECT_EQ(tell({}, without(trainer, "PET_NODE_RANK")),
            "PET_NNODES: every host starts smlaunch itself, and nothing says which of them this is");
  EXPECT_EQ(tell({}, without(trainer, "PET_MASTER_ADDR")),
            "PET_NNODES: every host starts smlaunch itself, and nothing says where the first of them is");
  Options options;
  options.node_rank = 1;
  EXPECT_EQ(tell(options, {}),
            "--node-rank: every host starts smlaunch itself, and nothing says how many hosts there are");
}

TEST(FindSelfStarted, RefusesWhatCannotBe) {
  Options options = three_hosts();
  options.node_rank = 3;
  EXPECT_EQ(tell(options, {}), "--node-rank: \"3\" is no number from 0 to 2");
  options.nnodes = 1;
  EXPECT_EQ(tell(options, {}), "--node-rank: \"3\" is no number from 0 to 0");
  options.node_rank = 0;
  EXPECT_EQ(tell(options, {}), "none");
  options = three_hosts();
  options.master_addr = "localhost";
  EXPECT_EQ(tell(options, {}), "--master-addr: localhost is every host's name for itself");
  EXPECT_EQ(tell({}, with(trainer, "PET_NNODES", "1:4")),
            "PET_NNODES: is 1:4: a job whose number of hosts changes");
  EXPECT_EQ(tell({}, with(trainer, "PET_NNODES", "many")),
            "PET_NNODES: \"many\" is no number from 1 to 65536");
  EXPECT_EQ(tell({}, with(trainer, "PET_MASTER_PORT", "0")),
            "PET_MASTER_PORT: \"0\" is no number from 1 to 65535");
  EXPECT_EQ(tell({}, with(trainer, "PET_MASTER_ADDR", "127.0.0.1")),
            "PET_MASTER_ADDR: 127.0.0.1 is every host's name for itself");
}

TEST(NameNodes, NamesPodsAsKubernetesNumbersThem) {
  EXPECT_EQ(name_nodes("bert-master-0", 3),
            (std::vector<std::string>{"bert-master-0", "bert-worker-0", "bert-worker-1"}));
  EXPECT_EQ(name_nodes("bert-worker-0.ns.svc", 2),
            (std::vector<std::string>{"bert-worker-0.ns.svc", "bert-worker-1"}));
  EXPECT_EQ(name_nodes("gpu-a", 2), (std::vector<std::string>{"gpu-a", "node-1"}));
  EXPECT_EQ(name_nodes("10.0.0.7", 1), (std::vector<std::string>{"10.0.0.7"}));
  EXPECT_EQ(name_nodes("node-1", 3), (std::vector<std::string>{"node-1", "node-2", "node-3"}));
  EXPECT_EQ(name_nodes("node-2.lab", 4),
            (std::vector<std::string>{"node-2.lab", "node-1", "node-3", "node-4"}));
}

TEST(MakeStepOfSlurm, JobsAndStepsThatAreNearHaveOtherPorts) {
  std::set<int> ports;
  for (long job = 990; job < 1010; ++job)
    for (long step = 0; step < 300; ++step) {
      const int port = make_step_of_slurm({"gn1", "gn2"}, 0, {.job = job, .step = step}, {}).channel_port;
      EXPECT_GE(port, 21000);
      EXPECT_LT(port, 31000);
      ports.insert(port);
    }
  EXPECT_EQ(ports.size(), 20U * 300U);
  EXPECT_EQ(make_step_of_slurm({"gn1", "gn2"}, 0, {.job = 990, .restarts = 1}, {}).channel_port,
            make_step_of_slurm({"gn1", "gn2"}, 1, {.job = 990}, {}).channel_port);
}

std::string check(const std::string& token) {
  const auto known = check_job_token(token);
  if (known) return "";
  const Problem& problem = known.error().problems.front();
  return fmt::format("{}: {}; {}", problem.where, problem.what, problem.remedy);
}

TEST(CheckJobToken, AsksForASecretThatNobodyGuesses) {
  EXPECT_EQ(check(std::string(32, 'x')), "");
  EXPECT_EQ(
      check(std::string(31, 'x')),
      "SMLAUNCH_JOB_TOKEN: has 31 characters, and fewer than 32 can be guessed; make one, openssl rand -hex "
      "32, and set it on every host, in Kubernetes by a Secret");
  EXPECT_EQ(check(""),
            "SMLAUNCH_JOB_TOKEN: is not set: hosts that start themselves know each other by a secret of "
            "theirs; make "
            "one, openssl rand -hex 32, and set it on every host, in Kubernetes by a Secret");
}

TEST(CheckJobToken, IsNotNeededWhereMungeMayDo) {
  EXPECT_TRUE(check_job_token("", true));
  EXPECT_FALSE(check_job_token("short", true));
}

}  // namespace
}  // namespace smlaunch
