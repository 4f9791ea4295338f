// SPDX-License-Identifier: Apache-2.0
#include "launcher/plan/render_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/launcher/plan/small_job.hpp"

namespace smlaunch {
namespace {

using testing::HasSubstr;
using testing::Not;

const MadeUp two_gpus = {2, 4, 1, {0, 1}, {0, 1}};

TEST(RenderPlan, IsAHeaderATableAndTheCommand) {
  SmallJob job(1, 2, two_gpus);
  job.spec.launcher = LauncherKind::ddp;
  job.spec.sources = {{"launcher", "option --launcher"}, {"hosts", "option --hosts"}};
  job.spec.smoke.mode = SmokeMode::off;
  const LaunchPlan plan = job.plan();
  EXPECT_EQ(render_plan(plan),
            "launcher     ddp (local)  (option --launcher)\n"
            "entry point  train.py (python_program)\n"
            "ranks        2 on 1 host\n"
            "leader       algo-1  (option --hosts)\n"
            "topology     assumed to be like this machine\n"
            "smoke test   off: " +
                plan.smoke_reason + "\nplan         " + plan.hash +
                "\n"
                "\n"
                "  rank host   local gpu            numa cpus nic\n"
                "  0    algo-1 0     0 0000:10:00.0 0    0-3  mlx5_0 PIX\n"
                "  1    algo-1 1     1 0000:20:00.0 1    4-7  mlx5_1 PIX\n"
                "\n"
                "  /usr/bin/smlaunch rank -- python3 -- train.py\n");
}

TEST(RenderPlan, SaysOfAllHostsWhereTheirMachinesComeFrom) {
  using enum TopologySource;
  const std::pair<std::vector<TopologySource>, const char*> cases[] = {
      {{probed}, "probed (this machine)"},
      {{assumed}, "assumed to be like this machine"},
      {{file}, "from a file"},
      {{file, file}, "2 hosts from files"},
      {{probed, assumed}, "probed (this machine), 1 assumed to be like it"},
      {{probed, assumed, assumed, file},
       "probed (this machine), 2 hosts assumed to be like it, 1 from a file"},
      {{assumed, assumed}, "2 hosts assumed to be like this machine"},
      {{probed, probed}, "2 hosts probed"},
      {{assumed, probed}, "probed (algo-2), 1 assumed to be like algo-2"}};
  for (const auto& [hosts, words] : cases) {
    SmallJob job(static_cast<int>(hosts.size()), 1);
    for (std::size_t i = 0; i < hosts.size(); ++i) job.cluster.hosts[{static_cast<int>(i)}].source = hosts[i];
    EXPECT_THAT(render_plan(job.plan()), HasSubstr(fmt::format("\ntopology     {}\n", words)));
  }
  SmallJob job(1, 1);
  job.cluster.hosts[{0}].source = file;
  job.spec.sources = {{"topology", "option --topology"}};
  job.spec.machines_chosen = true;
  EXPECT_THAT(render_plan(job.plan()), HasSubstr("\ntopology     from a file  (option --topology)\n"));
}

TEST(RenderPlan, PutsEachOptionWithItsValuesOnALine) {
  SmallJob job(2, 1);
  job.mpi_options = {"-mca", "plm_rsh_args", "-i key", "--report-bindings"};
  const std::string text = render_plan(job.plan());
  EXPECT_THAT(
      text,
      HasSubstr("  mpirun \\\n    --host algo-1,algo-2 \\\n    -np 2 \\\n    --allow-run-as-root \\\n"));
  EXPECT_THAT(text,
              HasSubstr(" \\\n    -mca plm_rsh_args '-i key -o BatchMode=yes -o ConnectTimeout=10' \\\n"
                        "    --report-bindings \\\n    /usr/bin/smlaunch rank -- python3 -- train.py\n"));
}

TEST(RenderPlan, CountsGpusAsTheJsonDoes) {
  SmallJob job(1, 1, two_gpus);
  Machine machine = *job.cluster.hosts[{0}].machine;
  machine.gpus[0].usable = false;
  job.cluster.hosts[{0}].machine = std::make_shared<const Machine>(machine);
  EXPECT_THAT(render_plan(job.plan()),
              HasSubstr("  0    algo-1 0     0 0000:20:00.0 1    4-7  mlx5_1 PIX\n"));
}

TEST(RenderPlan, SaysWhereARankMayRunAnywhere) {
  SmallJob job(1, 1);
  job.spec.bind = BindPolicy::none;
  EXPECT_THAT(render_plan(job.plan()), HasSubstr("  0    algo-1 0     -   -    any  -\n"));
}

TEST(RenderPlan, SaysWhichHostThisIsWhereItDoesNotLead) {
  SmallJob job(2, 1);
  EXPECT_THAT(render_plan(job.plan()), Not(HasSubstr("this host")));
  job.environment.current_host = "algo-2";
  EXPECT_THAT(render_plan(job.plan()), HasSubstr("\nthis host    algo-2\n"));
  job.environment.current_host = "";
  EXPECT_THAT(render_plan(job.plan()), HasSubstr("\nthis host    none of them: it leads and runs no rank\n"));
}

TEST(RenderPlan, ShowsWarningsAndNoSecretInThem) {
  LaunchPlan plan = SmallJob(1, 1).plan();
  plan.user_variables["MY_TOKEN"] = "abcdef";
  plan.warnings.emplace_back("abcdef is odd");
  EXPECT_THAT(render_plan(plan), HasSubstr("\nwarning      <redacted> is odd\n"));
}

TEST(RenderPlan, FoldsExportsThatOnlyNameAVariable) {
  SmallJob job(2, 1);
  LaunchPlan plan = job.plan();
  ASSERT_EQ(plan.engine, Engine::mpirun);
  plan.command = {"mpirun", "-np", "2", "-x", "A", "-x", "B", "-x", "C=1", "-x", "D", "-x", "E"};
  const std::vector<std::string> program = {"-mca", "-x", "F", "smlaunch", "rank", "--"};
  plan.command.insert(plan.command.end(), program.begin(), program.end());
  plan.command.insert(plan.command.end(), plan.process_command.begin(), plan.process_command.end());
  EXPECT_THAT(render_plan(plan, PlanDetail::folded), HasSubstr("  mpirun \\\n"
                                                               "    -np 2 \\\n"
                                                               "    [-x for 4 variables; -v shows them] \\\n"
                                                               "    -x C=1 \\\n"
                                                               "    -mca -x F \\\n"
                                                               "    smlaunch rank --"));
  const std::string all = render_plan(plan, PlanDetail::all);
  EXPECT_THAT(all, HasSubstr("    -x A \\\n    -x B \\\n    -x C=1 \\\n    -x D \\\n    -x E \\\n"));
  EXPECT_EQ(render_plan(plan), all);
  std::erase(plan.command, "E");  // with three left, they are shown
  plan.command.erase(std::find(plan.command.begin(), plan.command.end(), "D") + 1);
  EXPECT_EQ(render_plan(plan, PlanDetail::folded), render_plan(plan, PlanDetail::all));
}

TEST(RenderPlan, FoldsEqualHostsOnlyAboveSixtyFourRanks) {
  const std::string all = render_plan(SmallJob(16, 4).plan());
  EXPECT_THAT(all, HasSubstr("\n  63   algo-16 3 "));
  EXPECT_THAT(all, Not(HasSubstr("equal hosts")));

  SmallJob job(17, 4);
  EXPECT_THAT(render_plan(job.plan()),
              HasSubstr("\n\n  (68 ranks: equal hosts are shown once)\n"
                        "  17 equal hosts of 4 ranks each (algo-1 to algo-17); the first one's:\n"
                        "  rank host   local gpu numa cpus nic\n"
                        "  0    algo-1 0     -   0    0    -\n"
                        "  1    algo-1 1     -   0    1    -\n"
                        "  2    algo-1 2     -   0    2    -\n"
                        "  3    algo-1 3     -   0    3    -\n\n"));
  job.cluster.hosts[{4}].ranks = 2;
  const std::string uneven = render_plan(job.plan());
  EXPECT_THAT(
      uneven,
      HasSubstr("16 equal hosts of 4 ranks each (algo-1 to algo-4, algo-6 to algo-17); the first one's:\n"));
  EXPECT_THAT(uneven, HasSubstr("\n  algo-5, 2 ranks:\n"
                                "  rank host   local gpu numa cpus nic\n"
                                "  16   algo-5 0     -   0    0-1  -\n"));
}

}  // namespace
}  // namespace smlaunch
