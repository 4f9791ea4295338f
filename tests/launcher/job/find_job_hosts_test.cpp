// SPDX-License-Identifier: Apache-2.0
#include "launcher/job/find_job_hosts.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/launcher/job/small_facts.hpp"

namespace smlaunch {
namespace {

// A base folder without or with a resource config.
class Folder {
 public:
  Folder() {
    std::string pattern = testing::TempDir() + "hosts.XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] std::string path() const { return path_; }
  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << text;
  }

 private:
  std::filesystem::path path_;
};

const Variables slurm = {{"SLURM_JOB_ID", "4"}, {"SLURM_JOB_NODELIST", "gn[1-3]"}};

Options in_folder(const Folder& folder) {
  Options options;
  options.base_dir = folder.path();
  return options;
}

// "gn1 gn2 | source"
std::string find(const Options& options, const Variables& variables) {
  const auto hosts = find_job_hosts(options, variables);
  if (!hosts) return first_problem(hosts);
  std::string text;
  if (hosts->slots)
    for (const HostSlots& host : *hosts->slots) text += host.name + " ";
  return text + "| " + hosts->source;
}

TEST(FindJobHosts, AsksTheSchedulerWhereNobodyNamesAnyHost) {
  const Folder folder;
  Options options = in_folder(folder);
  EXPECT_EQ(find(options, {}), "| ");
  EXPECT_EQ(find(options, slurm), "gn1 gn2 gn3 | Slurm's job 4: SLURM_JOB_NODELIST");
  options.scheduler = SchedulerOption::none;
  EXPECT_EQ(find(options, slurm), "| ");
}

TEST(FindJobHosts, LetsNamedHostsAndAResourceConfigWin) {
  const Folder folder;
  Options options = in_folder(folder);
  options.hosts = "a:2 b";
  options.sources["hosts"] = "option --hosts";
  EXPECT_EQ(find(options, slurm), "a b | option --hosts");
  options.hosts.reset();
  options.resource_config = "/elsewhere";
  EXPECT_EQ(find(options, slurm), "| ");
  options = in_folder(folder);
  folder.write("input/config/resourceconfig.json", "{}");
  EXPECT_EQ(find(options, slurm), "| ");
  options.scheduler = SchedulerOption::slurm;
  EXPECT_EQ(find(options, slurm), "gn1 gn2 gn3 | Slurm's job 4: SLURM_JOB_NODELIST");
}

TEST(FindJobHosts, TakesExcludedHostsOutAndSaysSo) {
  const Folder folder;
  Options options = in_folder(folder);
  options.exclude = "gn2,other";
  options.sources["exclude"] = "option --exclude";
  EXPECT_EQ(find(options, slurm),
            "gn1 gn3 | Slurm's job 4: SLURM_JOB_NODELIST; without gn2 (option --exclude)");
  folder.write("hosts.bad", "gn3 slots=8\n");
  options.exclude_file = folder.path() + "/hosts.bad";
  options.sources["exclude-file"] = "option --exclude-file";
  EXPECT_EQ(
      find(options, slurm),
      "gn1 | Slurm's job 4: SLURM_JOB_NODELIST; without gn2, gn3 (option --exclude, option --exclude-file)");
  folder.write("hosts.bad", "");
  options.exclude.reset();
  EXPECT_EQ(find(options, slurm), "gn1 gn2 gn3 | Slurm's job 4: SLURM_JOB_NODELIST");
}

TEST(FindJobHosts, RefusesWhatCannotBeTakenOut) {
  const Folder folder;
  Options options = in_folder(folder);
  options.exclude = "gn[1-3]";
  EXPECT_EQ(find(options, slurm), "option --exclude: takes all hosts out: gn1, gn2, gn3");
  options.exclude = "gn[1-";
  EXPECT_EQ(find(options, slurm), "option --exclude, entry 1: 'gn[1-' opens a bracket and does not close it");
  options.exclude = "gn1";
  EXPECT_EQ(
      find(options, {}),
      "option --exclude: takes no host out here: every host of the resource config starts smlaunch, and "
      "waits for the others");
  options.exclude.reset();
  options.exclude_file = "/nowhere";
  EXPECT_EQ(find(options, slurm), "--exclude-file /nowhere: cannot be read: No such file or directory");
}

const Variables pods = {{"PET_NNODES", "2"}, {"PET_NODE_RANK", "1"}, {"PET_MASTER_ADDR", "pod-0"}};
const std::string source_of_pods = "PET_NNODES, PET_NODE_RANK, PET_MASTER_ADDR: each host starts itself";

TEST(FindJobHosts, TakesHostsThatStartThemselves) {
  const Folder folder;
  Options options = in_folder(folder);
  EXPECT_EQ(find(options, pods), "pod-0 pod-1 | " + source_of_pods);
  EXPECT_EQ(find_job_hosts(options, pods)->self_started->node_rank, 1);
  Variables both = slurm;
  both.insert(pods.begin(), pods.end());
  EXPECT_EQ(find(options, both), "gn1 gn2 gn3 | Slurm's job 4: SLURM_JOB_NODELIST");
  options.scheduler = SchedulerOption::pet;
  EXPECT_EQ(find(options, both), "pod-0 pod-1 | " + source_of_pods);
  options.scheduler = SchedulerOption::none;
  EXPECT_EQ(find(options, pods), "| ");
}

TEST(FindJobHosts, OneNodeIsThisHostHoweverManyASchedulerHasGiven) {
  const Folder folder;
  Options options = in_folder(folder);
  options.nnodes = 1;
  EXPECT_EQ(find(options, slurm), "| ");
}

TEST(FindJobHosts, TheNodeRankSaysWhichHostThisIsAndNoNameDoes) {
  const Folder folder;
  Options options = in_folder(folder);
  options.current_host = "pod-0";
  EXPECT_EQ(
      find(options, pods),
      "--current-host: has no meaning for hosts that start themselves: the node rank says which of them "
      "this is");
  EXPECT_EQ(find(options, slurm), "gn1 gn2 gn3 | Slurm's job 4: SLURM_JOB_NODELIST");
}

TEST(FindJobHosts, LetsTorchrunsOptionsWinOverAResourceConfigAndNotBesideHosts) {
  const Folder folder;
  folder.write("input/config/resourceconfig.json", "{}");
  Options options = in_folder(folder);
  EXPECT_EQ(find(options, pods), "| ");
  options.nnodes = 2;
  options.node_rank = 0;
  options.master_addr = "gpu-a";
  EXPECT_EQ(find(options, {}),
            "gpu-a node-1 | --nnodes, --node-rank, --master-addr: each host starts itself");
  options.exclude = "node-1";
  options.sources["exclude"] = "option --exclude";
  EXPECT_EQ(find(options, {}),
            "option --exclude: takes no host out here: every host starts smlaunch, and waits for the others");
  options.exclude.reset();
  options.hosts = "a,b";
  options.sources["hosts"] = "option --hosts";
  EXPECT_EQ(
      find(options, {}),
      "option --hosts: names hosts that this one starts, and --nnodes, --node-rank and --master-addr are for "
      "hosts that start themselves");
}

}  // namespace
}  // namespace smlaunch
