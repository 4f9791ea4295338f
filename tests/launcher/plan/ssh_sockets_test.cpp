// SPDX-License-Identifier: Apache-2.0
#include "launcher/plan/ssh_sockets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/launcher/plan/small_job.hpp"

namespace smlaunch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// The words of mpirun's that are about logins, in their order.
std::vector<std::string> login_words(const LaunchPlan& plan) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i + 1 < plan.command.size(); ++i)
    for (const char* name : {"plm_rsh_agent", "plm_rsh_args", "plm_ssh_agent", "plm_ssh_args"})
      if (plan.command[i] == name) words.push_back(plan.command[i] + " " + plan.command[i + 1]);
  return words;
}

SmallJob two_hosts() {
  SmallJob job(2, 1);
  job.spec.keeps_ssh_open = true;
  return job;
}

TEST(SshSockets, GoByNamesAndMpirunIsGivenUsInsteadOfSsh) {
  SmallJob job = two_hosts();
  EXPECT_THAT(login_words(job.plan()), ElementsAre("plm_rsh_agent /usr/bin/smlaunch worker --ssh",
                                                   "plm_rsh_args -o BatchMode=yes -o ConnectTimeout=10 "
                                                   "-o ControlPath=SMLAUNCH_SSH_FOLDER/ssh-%n"));
  job.spec.open_mpi = {5, 0, 7};
  EXPECT_THAT(login_words(job.plan()), ElementsAre("plm_ssh_agent /usr/bin/smlaunch worker --ssh",
                                                   "plm_ssh_args -o BatchMode=yes -o ConnectTimeout=10 "
                                                   "-o ControlPath=SMLAUNCH_SSH_FOLDER/ssh-%n"));
}

TEST(SshSockets, AreSshsOwnWhereTheUserSaysHowMpirunLogsIn) {
  struct Case {
    std::vector<std::string> options;
    Variables inherited;
  };
  const Case cases[] = {{{"-mca", "plm_rsh_args", "-i key"}, {}},
                        {{"-mca", "plm_rsh_agent", "ssh"}, {}},
                        {{"-mca", "orte_rsh_agent", "ssh"}, {}},
                        {{"--gmca", "pls_rsh_agent", "/usr/bin/ssh"}, {}},
                        {{}, {{"OMPI_MCA_plm_rsh_args", "-i key"}}},
                        {{}, {{"OMPI_MCA_plm_rsh_agent", "ssh"}}},
                        {{"--xterm", "0"}, {}},
                        {{}, {{"OMPI_MCA_orte_xterm", "0"}}},
                        {{"--tune", "mine.conf"}, {}}};
  for (const Case& each : cases) {
    SmallJob job = two_hosts();
    job.mpi_options = each.options;
    job.spec.inherited = each.inherited;
    const LaunchPlan plan = job.plan();
    const std::string shown = testing::PrintToString(each.options) + testing::PrintToString(each.inherited);
    EXPECT_EQ(choose_ssh_socket(job.spec, plan.cluster), "ssh-%C") << shown;
    EXPECT_THAT(testing::PrintToString(plan.command), Not(HasSubstr("worker --ssh"))) << shown;
    EXPECT_THAT(testing::PrintToString(plan.command), Not(HasSubstr("ssh-%n"))) << shown;
  }
}

TEST(SshSockets, FitTheKernelsAddressWithWhatSshAdds) {
  // /tmp/smlaunch-ssh-XXXXXX/ssh-NAME.0123456789abcdef in 107 bytes
  const std::string longest(61, 'a');
  SmallJob job = two_hosts();
  job.cluster.hosts[NodeRank{1}].name = longest;
  EXPECT_EQ(choose_ssh_socket(job.spec, job.cluster), "ssh-%n");
  job.spec.spare_hosts = {"algo-3", longest + "a"};
  EXPECT_EQ(choose_ssh_socket(job.spec, job.cluster), "ssh-%C") << "a spare host is logged in to, as well";
  job.spec.spare_hosts.clear();
  job.cluster.hosts[NodeRank{1}].name = longest + "a";
  EXPECT_EQ(choose_ssh_socket(job.spec, job.cluster), "ssh-%C");
}

TEST(SshSockets, AreSshsOwnWhereMpirunWouldSplitOurPath) {
  for (const char* program : {"/opt/my tools/smlaunch", "/opt/a:b/smlaunch"}) {
    SmallJob job = two_hosts();
    job.spec.smlaunch = program;
    EXPECT_EQ(choose_ssh_socket(job.spec, job.cluster), "ssh-%C") << program;
  }
}

TEST(SshSockets, AreNotForSlurmsJobsAndNotForOneHost) {
  SmallJob job = two_hosts();
  job.spec.by_slurm = true;
  EXPECT_THAT(login_words(job.plan()), ElementsAre("plm_rsh_agent /usr/bin/smlaunch worker --srun"));
  SmallJob alone(1, 2);
  alone.spec.keeps_ssh_open = true;
  EXPECT_THAT(login_words(alone.plan()), ElementsAre("plm_rsh_args -o BatchMode=yes -o ConnectTimeout=10"));
}

}  // namespace
}  // namespace smlaunch
