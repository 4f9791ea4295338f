// SPDX-License-Identifier: Apache-2.0
#include "launcher/plan/kept_from_mpirun.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/launcher/plan/small_job.hpp"

namespace smlaunch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

LaunchPlan plan_of(int hosts, const std::vector<std::string>& options, const Variables& inherited = {}) {
  SmallJob job(hosts, 1);
  job.mpi_options = options;
  job.spec.inherited = inherited;
  return job.plan();
}

LaunchPlan plan_for_5(const std::vector<std::string>& options) {
  SmallJob job(2, 1);
  job.spec.open_mpi = {5, 0, 0};
  job.mpi_options = options;
  return job.plan();
}

// Notes are among the plan's sources.
std::vector<std::string> notes_of(const LaunchPlan& plan) {
  std::vector<std::string> notes;
  for (const auto& [value, source] : plan.sources)
    if (value == "mpi_options" && source.find("mpirun") != std::string::npos) notes.push_back(source);
  return notes;
}

constexpr const char* how_over_the_channel =
    " does not go through mpirun, which writes it on public command lines and sends it unencrypted: smlaunch "
    "brings it to the ranks over its own channel, as ";

TEST(KeptFromMpirun, SecretParametersReachTheRanksOfAllHostsInTheirEnvironmentOnly) {
  const LaunchPlan plan = plan_of(2, {"-mca", "foo_password", "sesame", "-mca", "btl", "tcp,self"});
  EXPECT_THAT(fmt::format("{}", fmt::join(plan.command, " ")),
              testing::AllOf(HasSubstr("-mca btl tcp,self"), Not(HasSubstr("foo_password")),
                             Not(HasSubstr("sesame"))));
  EXPECT_EQ(plan.user_variables, (Variables{{"OMPI_MCA_foo_password", "sesame"}}));
  EXPECT_THAT(plan.kept_from_mpirun, ElementsAre("OMPI_MCA_foo_password"));
  EXPECT_THAT(notes_of(plan), ElementsAre(fmt::format(
                                  "your MCA parameter foo_password{}OMPI_MCA_foo_password; mpirun and its "
                                  "daemons do not have it",
                                  how_over_the_channel)));
  EXPECT_THAT(plan.warnings, IsEmpty());
}

TEST(KeptFromMpirun, OnThisHostAloneMpirunHasThemInItsEnvironment) {
  const LaunchPlan plan = plan_of(1, {"-mca", "foo_password", "sesame"});
  EXPECT_THAT(plan.command, Not(testing::Contains("sesame")));
  EXPECT_EQ(plan.user_variables, (Variables{{"OMPI_MCA_foo_password", "sesame"}}));
  EXPECT_THAT(plan.kept_from_mpirun, IsEmpty());
  EXPECT_THAT(notes_of(plan),
              ElementsAre("your MCA parameter foo_password does not stand on mpirun's command line, which is "
                          "public: mpirun and the ranks find it in OMPI_MCA_foo_password"));
  EXPECT_TRUE(plan_of(1, {}, {{"OMPI_MCA_foo_password", "sesame"}}).user_variables.empty());
}

TEST(KeptFromMpirun, ValuesAreLookedAtToo) {
  struct Case {
    std::vector<std::string> options;
    Variables inherited;
    Variables of_ranks;
    std::vector<std::string> kept;
  };
  const std::string url = "http://me:s3cret@host/x", name = "OMPI_MCA_foo_password";
  const Case cases[] = {
      {{"-mca", "foo_url", url}, {}, {{"OMPI_MCA_foo_url", url}}, {"OMPI_MCA_foo_url"}},
      {{"-mca", "foo_url", "http://host/x"}, {}, {}, {}},
      {{"-gmca", "foo_password", "sesame"}, {}, {{name, "sesame"}}, {name}},
      // A list of networks, which mpirun's daemons need.
      {{"-mca", "opal_net_private_ipv4", "10.0.0.0/8"}, {}, {}, {}},
      {{}, {{"OMPI_MCA_opal_net_private_ipv4", "10.0.0.0/8"}}, {}, {}},
      // mpirun would pass on what it finds in its environment.
      {{}, {{name, "sesame"}}, {{name, "sesame"}}, {name}},
      {{}, {{"PMIX_MCA_foo_token", "sesame"}}, {{"PMIX_MCA_foo_token", "sesame"}}, {"PMIX_MCA_foo_token"}},
      {{}, {{"OMPI_MCA_btl", "tcp,self"}, {"MY_TOKEN", "sesame"}}, {}, {}},
      {{"-mca", "foo_password", "new"}, {{name, "old"}}, {{name, "new"}}, {name}},
      {{"-x", name + "=sesame"}, {}, {{name, "sesame"}}, {name}},
      {{"-x", name}, {{name, "sesame"}}, {{name, "sesame"}}, {name}},
  };
  for (const Case& each : cases) {
    const LaunchPlan plan = plan_of(2, each.options, each.inherited);
    const std::string shown = testing::PrintToString(each.options) + testing::PrintToString(each.inherited);
    EXPECT_EQ(plan.user_variables, each.of_ranks) << shown;
    EXPECT_EQ(plan.kept_from_mpirun, each.kept) << shown;
    EXPECT_THAT(plan.command, Not(testing::Contains("sesame"))) << shown;
    EXPECT_THAT(plan.warnings, IsEmpty()) << shown;
  }
}

TEST(KeptFromMpirun, ForVersion5TheyHaveItsNames) {
  EXPECT_EQ(plan_for_5({"--mca", "btl_vader_token", "sesame"}).user_variables,
            (Variables{{"OMPI_MCA_btl_sm_token", "sesame"}}));
  EXPECT_EQ(plan_for_5({"--pmixmca", "foo_token", "sesame"}).user_variables,
            (Variables{{"PMIX_MCA_foo_token", "sesame"}}));
}

TEST(KeptFromMpirun, WhatMpirunItselfNeedsStaysAndIsAWarning) {
  const LaunchPlan plan = plan_of(2, {"-mca", "plm_rsh_args", "-o Password=sesame", "--new-token", "sesame"},
                                  {{"OMPI_MCA_oob_foo_token", "sesame"}});
  EXPECT_THAT(plan.user_variables, IsEmpty());
  EXPECT_THAT(plan.command, testing::Contains("--new-token"));
  EXPECT_THAT(
      plan.warnings,
      ElementsAre(
          "OMPI_MCA_oob_foo_token of the environment looks like a secret: mpirun's daemons need it, and "
          "mpirun writes it on their command lines, which everyone on a host may read",
          "your -mca plm_rsh_args -o Password=<redacted> holds what looks like a secret: it stands on "
          "mpirun's command line, which everyone on the host may read",
          "your --new-token <redacted> holds what looks like a secret: it stands on mpirun's command "
          "line, which everyone on the host may read"));
}

TEST(KeptFromMpirun, NoMessageShowsASecret) {
  const LaunchPlan twice = plan_of(2, {"-mca", "foo_password", "sesame", "-mca", "foo_password", "mustard"});
  EXPECT_EQ(twice.user_variables, (Variables{{"OMPI_MCA_foo_password", "mustard"}}));
  EXPECT_THAT(testing::PrintToString(twice.sources),
              testing::AllOf(HasSubstr("replaces your earlier"), Not(HasSubstr("sesame")),
                             Not(HasSubstr("mustard"))));
  SmallJob alone(1, 2);
  alone.spec.launcher = LauncherKind::ddp;
  alone.mpi_options = {"-mca", "foo_password", "sesame"};
  EXPECT_THAT(
      alone.plan().warnings,
      ElementsAre("MPI options: not used, for launcher ddp starts the ranks of one host without mpirun: "
                  "-mca foo_password <redacted>"));
}

}  // namespace
}  // namespace smlaunch
