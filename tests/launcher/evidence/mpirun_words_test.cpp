// SPDX-License-Identifier: Apache-2.0
#include "launcher/evidence/mpirun_words.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

using Lines = std::vector<std::string>;
const std::string rule(74, '-');

TEST(MpirunReason, IsItsComplaintOrThatOfSsh) {
  EXPECT_EQ(find_mpirun_reason({"mpirun: Error: unknown option \"--no\"", "Type 'mpirun --help' for usage."}),
            "mpirun: Error: unknown option \"--no\"");
  EXPECT_EQ(find_mpirun_reason({"ssh: Could not resolve hostname b: Name or service not known", rule,
                                "ORTE was unable to reliably start one or more daemons.", rule}),
            "ssh: Could not resolve hostname b: Name or service not known");
  EXPECT_EQ(find_mpirun_reason({"bash: line 1: orted: command not found"}),
            "bash: line 1: orted: command not found");
}

TEST(MpirunReason, IsSrunsErrorWhereSrunStartsTheRanks) {
  EXPECT_EQ(find_mpirun_reason({"srun: job 3 queued",
                                "srun: error: Unable to create step for job 3: Requested nodes are busy"}),
            "srun: error: Unable to create step for job 3: Requested nodes are busy");
}

TEST(MpirunReason, IsTheFirstParagraphBetweenRules) {
  EXPECT_EQ(
      find_mpirun_reason({rule, "There are not enough slots available in the system to satisfy the 400",
                          "slots that were requested by the application:", "", "  true", "",
                          "Either request fewer slots", rule}),
      "There are not enough slots available in the system to satisfy the 400 slots that were requested by "
      "the application: true");
  EXPECT_EQ(
      find_mpirun_reason({rule, "WARNING: No preset parameters were found", rule, rule, "No network", rule}),
      "No network");
}

TEST(MpirunReason, IsNotTheEndOfAProcess) {
  EXPECT_EQ(find_mpirun_reason({}), "");
  EXPECT_EQ(find_mpirun_reason({"[a:1] [[1,0],0] ORTE_ERROR_LOG: Not found"}), "");
  EXPECT_EQ(
      find_mpirun_reason({"[a:1] plm:rsh: Warning: setpgid(7,7) failed with errno=Permission denied(13)"}),
      "");
  EXPECT_EQ(find_mpirun_reason(
                {rule, "Primary job  terminated normally, but 1 process returned", "a non-zero exit code.",
                 rule, rule, "mpirun detected that one or more processes exited with non-zero status", rule}),
            "");
}

TEST(LostDaemon, IsOnTheHostThatMpirunNames) {
  const Lines lines = {rule,
                       "ORTE has lost communication with a remote daemon.",
                       "",
                       "  HNP daemon   : [[40410,0],0] on node algo-1",
                       "  Remote daemon: [[40410,0],1] on node algo-2",
                       rule};
  EXPECT_EQ(find_lost_daemon(lines), "algo-2");
  EXPECT_EQ(find_lost_daemon({"  Remote daemon: [[40410,0],1] on node algo-2"}), "");
  EXPECT_EQ(find_lost_daemon({}), "");
}

}  // namespace
}  // namespace smlaunch
