// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "mpi/mpirun_options.hpp"
#include "tests/mpi/two_hosts.hpp"

namespace smlaunch {
namespace {

using Strings = std::vector<std::string>;
using testing::ElementsAre;
using testing::IsEmpty;

struct MergeCase {
  std::string options;
  std::string rendered;  // the user's part of the command
  Strings gone;          // of ours
  Strings notes;
};

TEST(UserOptions, ReplaceOursWhereBothSayTheSame) {
  const MergeCase cases[] = {
      {"", "", {}, {}},
      {"-mca btl ^openib,tcp",
       "-mca btl ^openib,tcp",
       {"-mca btl ^openib,ofi"},
       {"your -mca btl ^openib,tcp replaces ours: ^openib,ofi"}},
      {"--mca pml ucx", "-mca pml ucx", {"-mca pml ob1"}, {"your -mca pml ucx replaces ours: ob1"}},
      {"-gmca pml ucx", "-mca pml ucx", {"-mca pml ob1"}, {"your -mca pml ucx replaces ours: ob1"}},
      {"-mca pml ob1", "-mca pml ob1", {}, {}},
      {"-mca btl_tcp_if_exclude lo",
       "-mca btl_tcp_if_exclude lo",
       {"btl_tcp_if_include"},
       {"your -mca btl_tcp_if_exclude lo replaces ours: eth0"}},
      {"-mca oob_tcp_if_exclude lo,docker0",
       "-mca oob_tcp_if_exclude lo,docker0",
       {"oob_tcp_if_include"},
       {"your -mca oob_tcp_if_exclude lo,docker0 replaces ours: eth0"}},
      {"-mca oob_tcp_include eth1",
       "-mca oob_tcp_if_include eth1",
       {"oob_tcp_if_include eth0"},
       {"your -mca oob_tcp_if_include eth1 replaces ours: eth0"}},
      {"--prtemca prte_if_include eth1",
       "-mca oob_tcp_if_include eth1",
       {"oob_tcp_if_include eth0"},
       {"your -mca oob_tcp_if_include eth1 replaces ours: eth0"}},
      {"--bind-to core", "-bind-to core", {"-bind-to none"}, {"your -bind-to core replaces ours: none"}},
      {"--bind-to=core", "-bind-to core", {"-bind-to none"}, {"your -bind-to core replaces ours: none"}},
      {"-bind-to-socket", "-bind-to socket", {"-bind-to none"}, {"your -bind-to socket replaces ours: none"}},
      {"-mca hwloc_base_binding_policy core",
       "-bind-to core",
       {"-bind-to none"},
       {"your -bind-to core replaces ours: none"}},
      {"--map-by :oversubscribe", "--oversubscribe -map-by slot", {}, {}},
      {"--map-by core:NOOVERSUBSCRIBE:PE=2 -mca rmaps_base_no_oversubscribe 1",
       "--nooversubscribe -map-by core:PE=2",
       {"-map-by slot", "-bind-to none"},
       {"your -map-by core:PE=2 asks for CPUs: mpirun binds the ranks, not smlaunch",
        "your -map-by core:PE=2 replaces ours: slot"}},
      {"--cpu-list 0,1",
       "--cpu-list 0,1",
       {"-map-by slot", "-bind-to none"},
       {"your --cpu-list 0,1 asks for CPUs: mpirun binds the ranks, not smlaunch"}},
      {"-mca hwloc_base_cpu_list 0,1",
       "--cpu-list 0,1",
       {"-map-by slot", "-bind-to none"},
       {"your --cpu-list 0,1 asks for CPUs: mpirun binds the ranks, not smlaunch"}},
      {"-wdir /data -v", "--verbose", {}, {}},
      {"-mca rmaps_base_mapping_policy numa -bind-to none",
       "-map-by numa -bind-to none",
       {"-map-by slot"},
       {"your -map-by numa replaces ours: slot"}},
      {"-byslot", "-map-by slot", {}, {}},
      {"-x NCCL_DEBUG=WARN",
       "-x NCCL_DEBUG",
       {"NCCL_DEBUG=INFO"},
       {"your -x NCCL_DEBUG replaces ours: NCCL_DEBUG=INFO"}},
      {"--NCCL_DEBUG WARN",
       "-x NCCL_DEBUG",
       {"NCCL_DEBUG=INFO"},
       {"your -x NCCL_DEBUG replaces ours: NCCL_DEBUG=INFO"}},
      {"--NCCL_DEB WARN",
       "-x NCCL_DEBUG",
       {"NCCL_DEBUG=INFO"},
       {"your -x NCCL_DEBUG replaces ours: NCCL_DEBUG=INFO"}},
      {"--NC=WARN",
       "-x NCCL_DEBUG",
       {"NCCL_DEBUG=INFO"},
       {"your -x NCCL_DEBUG replaces ours: NCCL_DEBUG=INFO"}},
      {"--NCCL_DEBUGS WARN -NCCL_DEB WARN",
       "--NCCL_DEBUGS WARN -NCCL_DEB WARN",
       {},
       {"--NCCL_DEBUGS WARN is not known to smlaunch and passed on as it is",
        "-NCCL_DEB WARN is not known to smlaunch and passed on as it is"}},
      {"--NCCL_DEBUG=WARN",
       "-x NCCL_DEBUG",
       {"NCCL_DEBUG=INFO"},
       {"your -x NCCL_DEBUG replaces ours: NCCL_DEBUG=INFO"}},
      {"--tag-output --display-map --allow-run-as-root",
       "--tag-output --display-map --allow-run-as-root",
       {},
       {}},
      {"-q --report-bindings -rf=x -v",
       "--quiet --report-bindings --rankfile x --verbose",
       {"-map-by slot", "-bind-to none"},
       {"your --rankfile x asks for CPUs: mpirun binds the ranks, not smlaunch",
        "your --rankfile x replaces ours: slot"}},
      {"-mca btl_openib_if_include mlx5_0 --timeout 60 -tune f -am g",
       "-mca btl_openib_if_include mlx5_0 --timeout 60 -tune f -am g",
       {},
       {}},
      {"--brand-new a b --other -c0",
       "--brand-new a b --other -c0",
       {},
       {"--brand-new a b is not known to smlaunch and passed on as it is",
        "--other is not known to smlaunch and passed on as it is",
        "-c0 is not known to smlaunch and passed on as it is"}},
  };
  for (const MergeCase& c : cases) {
    const Result<MpirunCommand> command = mpirun_command(with_options(c.options));
    ASSERT_TRUE(command) << c.options << ": " << command.error().problems.front().what;
    const std::string text = joined(command->argv);
    const std::string ours = text.substr(0, text.find("-x PATH"));
    EXPECT_EQ(user_part(*command), c.rendered) << c.options;
    for (const std::string& gone : c.gone) EXPECT_THAT(ours, Not(testing::HasSubstr(gone))) << c.options;
    EXPECT_EQ(command->notes, c.notes) << c.options;
  }
}

TEST(UserOptions, GiveTheRanksTheirFolderNotMpirun) {
  const Result<MpirunCommand> command = mpirun_command(with_options("-wdir /data"));
  ASSERT_TRUE(command);
  EXPECT_EQ(command->working_directory, "/data");
  EXPECT_THAT(joined(command->argv), Not(testing::HasSubstr("wdir")));
}

TEST(UserOptions, GivenTwiceCountOnce) {
  const Result<MpirunCommand> command = mpirun_command(with_options(
      "-mca pml ucx --mca pml cm -map-by core --map-by slot -x A=1 -x A=secret -x B=1 -x B --quiet -q "
      "-mca btl_tcp_if_include eth1 -mca btl_tcp_if_exclude lo"));
  ASSERT_TRUE(command);
  EXPECT_EQ(user_part(*command), "-mca pml cm -map-by slot -x A -x B --quiet -mca btl_tcp_if_exclude lo");
  EXPECT_THAT(
      command->notes,
      ElementsAre("your -mca pml cm replaces your earlier -mca pml ucx",
                  "your -map-by slot replaces your earlier -map-by core",
                  "your options export A more than once: the last one counts",
                  "your options export B more than once: the last one counts",
                  "your -mca btl_tcp_if_exclude lo replaces your earlier -mca btl_tcp_if_include eth1",
                  "your -mca btl_tcp_if_exclude lo replaces ours: eth0",
                  "your -mca pml cm replaces ours: ob1"));
  EXPECT_THAT(command->user_variables, ElementsAre(std::pair<std::string, std::string>("A", "secret")));
  EXPECT_THAT(command->user_exported, ElementsAre("B"));
}

TEST(UserOptions, PutNoValueOfAVariableOnTheCommandLine) {
  const Result<MpirunCommand> command = mpirun_command(with_options(
      "-x TOKEN=s3cret -x EMPTY= -x PLAIN -x 'SPACED=a b=c' -mca mca_base_env_list 'LISTED=l1;NAMED;' "
      "--NCCL_DEBUG WARN"));
  ASSERT_TRUE(command);
  EXPECT_THAT(command->user_variables,
              ElementsAre(std::pair<std::string, std::string>("TOKEN", "s3cret"),
                          std::pair<std::string, std::string>("EMPTY", ""),
                          std::pair<std::string, std::string>("SPACED", "a b=c"),
                          std::pair<std::string, std::string>("LISTED", "l1"),
                          std::pair<std::string, std::string>("NCCL_DEBUG", "WARN")));
  EXPECT_THAT(command->user_exported, ElementsAre("PLAIN", "NAMED"));
  EXPECT_EQ(user_part(*command), "-x TOKEN -x EMPTY -x PLAIN -x SPACED -x LISTED -x NAMED -x NCCL_DEBUG");
  for (const std::string& note : command->notes) EXPECT_THAT(note, Not(testing::HasSubstr("s3cret")));
}

TEST(UserOptions, CannotSetWhatEachRankIsGiven) {
  const Result<MpirunCommand> command = mpirun_command(with_options(
      "-x RANK=0 -x LOCAL_RANK -x WORLD_SIZE=2 -x SM_HOSTS=[] -x SMLAUNCH_X=1 -x RANKS=1 -x SMALL=1"));
  ASSERT_TRUE(command);
  EXPECT_EQ(user_part(*command), "-x RANKS -x SMALL");
  EXPECT_THAT(command->warnings,
              ElementsAre("your -x RANK is ignored: smlaunch sets it for each rank",
                          "your -x LOCAL_RANK is ignored: smlaunch sets it for each rank",
                          "your -x WORLD_SIZE is ignored: smlaunch sets it for each rank",
                          "your -x SM_HOSTS is ignored: smlaunch sets it for each rank",
                          "your -x SMLAUNCH_X is ignored: smlaunch sets it for each rank"));
  EXPECT_THAT(command->user_variables, ElementsAre(std::pair<std::string, std::string>("RANKS", "1"),
                                                   std::pair<std::string, std::string>("SMALL", "1")));
}

TEST(UserOptions, SayWhoBindsAndWhetherTheyMoveRanks) {
  using enum UserBinding;
  const struct {
    std::string options;
    UserBinding binding;
    std::string by;
    bool maps;
    bool ours_binds_none;
  } cases[] = {
      {"", not_said, "", false, true},
      {"-bind-to none", off, "-bind-to none", false, true},
      {"--bind-to NONE", off, "-bind-to NONE", false, false},
      {"-mca hwloc_base_binding_policy none", off, "-bind-to none", false, true},
      {"-bind-to core", on, "-bind-to core", false, false},
      {"-bind-to socket:overload-allowed", on, "-bind-to socket:overload-allowed", false, false},
      {"--map-by slot", not_said, "", false, true},
      {"--map-by node", not_said, "", false, true},
      {"-bynode", not_said, "", false, true},
      {"--map-by node:SPAN", not_said, "", true, true},
      {"--map-by Socket", by_default, "-map-by Socket", false, false},
      {"--map-by numa", by_default, "-map-by numa", false, false},
      {"--map-by core -bind-to none", off, "-bind-to none", false, true},
      {"--map-by core -bind-to socket", on, "-bind-to socket", false, false},
      {"--map-by core:SPAN", by_default, "-map-by core:SPAN", true, false},
      {"--map-by ppr:4:socket", by_default, "-map-by ppr:4:socket", true, false},
      {"--map-by ppr:4:node", not_said, "", true, true},
      {"--map-by slot:PE=4", on, "-map-by slot:PE=4", false, false},
      {"--map-by slot:PE=4 -bind-to none", off, "-bind-to none", false, true},
      {"--cpu-set 0-3", on, "--cpu-list 0-3", false, false},
      {"--cpu-list 0,1", on, "--cpu-list 0,1", false, false},
      {"-cpus-per-proc 2", on, "--cpus-per-proc 2", false, false},
      {"-rf ranks", on, "--rankfile ranks", true, false},
      {"--rank-by node", not_said, "", false, true},
      {"--rank-by fill", not_said, "", false, true},
      {"--rank-by core", not_said, "", false, true},
      {"-report-bindings", not_said, "", false, true},
      {"-use-hwthread-cpus", not_said, "", false, true},
  };
  for (const auto& c : cases) {
    const Result<MpirunCommand> command = mpirun_command(with_options(c.options));
    ASSERT_TRUE(command) << c.options;
    EXPECT_EQ(command->user_binding, c.binding) << c.options;
    EXPECT_EQ(command->user_binding_option, c.by) << c.options;
    EXPECT_EQ(command->user_maps, c.maps) << c.options;
    EXPECT_EQ(joined(command->argv).find("-bind-to none") != std::string::npos, c.ours_binds_none)
        << c.options;
    EXPECT_EQ(command->warnings.size(), c.maps ? 1U : 0U) << c.options;
  }
  EXPECT_THAT(mpirun_command(with_options("--map-by seq"))->warnings,
              ElementsAre("your -map-by seq may place ranks on other hosts than the plan shows"));
  EXPECT_THAT(
      mpirun_command(with_options("--map-by numa"))->notes,
      ElementsAre("your -map-by numa maps ranks to hardware: mpirun binds them by its default, not smlaunch",
                  "your -map-by numa replaces ours: slot"));
  EXPECT_THAT(mpirun_command(with_options("--cpu-list 0-3"))->notes,
              ElementsAre("your --cpu-list 0-3 asks for CPUs: mpirun binds the ranks, not smlaunch"));
}

TEST(UserOptions, SayInWhichOrderHostsAreTaken) {
  constexpr HostOrder slot = HostOrder::by_slot, node = HostOrder::by_node;
  const struct {
    std::string options;
    HostOrder counting, numbering;
  } cases[] = {
      {"", slot, slot},
      {"--map-by slot", slot, slot},
      {"--map-by core", slot, slot},
      {"--map-by node", node, node},
      {"--map-by NODE:PE=2", node, node},
      {"-bynode", node, node},
      {"-mca rmaps_base_mapping_policy node", node, node},
      {"--map-by node --map-by slot", slot, slot},
      {"--rank-by node", slot, node},
      {"-mca rmaps_base_ranking_policy node", slot, node},
      {"--map-by node --rank-by slot", node, slot},
      {"--map-by core --rank-by node", slot, node},
      {"--map-by node --rank-by node", node, node},
  };
  for (const auto& c : cases) {
    const auto user = parse_user_options(*split_shell_words(c.options), OpenMpiVersion{4, 1, 4});
    ASSERT_TRUE(user) << c.options;
    EXPECT_EQ(user->counting, c.counting) << c.options;
    EXPECT_EQ(user->numbering, c.numbering) << c.options;
  }
}

TEST(NamedInterfaces, AreThoseOfAListThatAreNoSubnets) {
  EXPECT_THAT(named_interfaces("eth1"), ElementsAre("eth1"));
  EXPECT_THAT(named_interfaces("eth1,10.0.0.0/8,,ib0"), ElementsAre("eth1", "ib0"));
  EXPECT_THAT(named_interfaces(""), IsEmpty());
  EXPECT_TRUE(includes_interfaces("btl_tcp_if_include"));
  EXPECT_TRUE(includes_interfaces("oob_tcp_if_include"));
  EXPECT_FALSE(includes_interfaces("btl_tcp_if_exclude"));
}

TEST(UserOptions, KeepOurSshArgumentsBehindTheirs) {
  MpirunRequest request = with_options("-mca plm_rsh_args '-p 23 -i key'");
  request.ssh_port = 22;
  EXPECT_EQ(user_part(*mpirun_command(request)),
            "-mca plm_rsh_args -p 23 -i key -o BatchMode=yes -o ConnectTimeout=10");
  const Result<MpirunCommand> other = mpirun_command(with_options("-mca plm_rsh_agent /etc/mpi/kubexec.sh"));
  ASSERT_TRUE(other);
  EXPECT_THAT(joined(other->argv), Not(testing::HasSubstr("plm_rsh_args")));
  EXPECT_THAT(
      other->notes,
      ElementsAre(
          "your -mca plm_rsh_agent /etc/mpi/kubexec.sh replaces ssh: it is given no ssh arguments of ours"));
  const Result<MpirunCommand> ssh = mpirun_command(with_options("-mca plm_rsh_agent '/usr/bin/ssh : rsh'"));
  EXPECT_THAT(joined(ssh->argv), testing::HasSubstr("plm_rsh_args -o BatchMode=yes"));
  EXPECT_THAT(ssh->notes, IsEmpty());
}

TEST(UserOptions, ForbiddenOversubscriptionReplacesOurs) {
  MpirunRequest request = with_options("--nooversubscribe");
  request.oversubscribe = true;
  const Result<MpirunCommand> command = mpirun_command(request);
  EXPECT_THAT(joined(command->argv), Not(testing::HasSubstr("--oversubscribe")));
  EXPECT_THAT(command->notes, ElementsAre("your --nooversubscribe replaces ours: --oversubscribe"));
}

TEST(UserOptions, AreRefusedWhereTheyWouldChangeThePlan) {
  const std::string hosts = "name the hosts with --hosts or --hostfile";
  const std::string processes = "use the hyperparameter sagemaker_mpi_num_processes, or --processes-per-host";
  const std::string per_host = "use --processes-per-host";
  const std::string program =
      "give only options of mpirun, and quote a value that holds blanks; the program is smlaunch's "
      "ENTRY_POINT";
  const struct {
    std::string options;
    std::vector<std::pair<std::string, std::string>> problems;
  } cases[] = {
      {"-np 3", {{"-np 3 would change what is planned", processes}}},
      {"--np=3", {{"--np=3 would change what is planned", processes}}},
      {"-n 3", {{"-n 3 would change what is planned", processes}}},
      {"-c 3", {{"-c 3 would change what is planned", processes}}},
      {"-H a:2", {{"-H a:2 would change what is planned", hosts}}},
      {"--host a", {{"--host a would change what is planned", hosts}}},
      {"-hostfile f", {{"-hostfile f would change what is planned", hosts}}},
      {"--machinefile f", {{"--machinefile f would change what is planned", hosts}}},
      {"-npernode 2", {{"-npernode 2 would change what is planned", per_host}}},
      {"-N 2", {{"-N 2 would change what is planned", per_host}}},
      {"--N 2", {{"--N 2 would change what is planned", per_host}}},
      {"-pernode", {{"-pernode would change what is planned", per_host}}},
      {"--app f", {{"--app f would change what is planned", "give the one program to smlaunch: -- PROGRAM"}}},
      {"--do-not-launch", {{"--do-not-launch would change what is planned", "use smlaunch --dry-run"}}},
      {"-mca orte_default_hostfile f",
       {{"-mca orte_default_hostfile f would change what is planned", hosts}}},
      {"-mca rmaps_base_n_pernode 2",
       {{"-mca rmaps_base_n_pernode 2 would change what is planned", per_host}}},
      {"--help mapping", {{"--help makes mpirun print a text and start nothing", "remove it"}}},
      {"-h", {{"-h makes mpirun print a text and start nothing", "remove it"}}},
      {"-V", {{"-V makes mpirun print a text and start nothing", "remove it"}}},
      {"--version", {{"--version makes mpirun print a text and start nothing", "remove it"}}},
      {"--quiet python3 train.py", {{"'python3' stands where an option is expected", program}}},
      {"-x FOO=a b", {{"'b' stands where an option is expected", program}}},
      {"-- train.py", {{"'--' stands where an option is expected", program}}},
      {": -quiet", {{"':' stands where an option is expected", program}}},
      {"-mca pml",
       {{"-mca is not followed by a parameter's name and its value", "complete it or remove it"}}},
      {"-mca pml -x A=1",
       {{"-mca is not followed by a parameter's name and its value", "complete it or remove it"}}},
      {"--bind-to", {{"--bind-to is not followed by a value", "complete it or remove it"}}},
      {"-x", {{"-x is not followed by a value", "complete it or remove it"}}},
      {"-x =3", {{"-x =3 names no variable", "write -x NAME or -x NAME=VALUE"}}},
      {"--NCCL_DEBUG", {{"--NCCL_DEBUG is not followed by a value", "complete it or remove it"}}},
      {"-np 3 -mca pml --host a -q x",
       {{"-np 3 would change what is planned", processes},
        {"-mca is not followed by a parameter's name and its value", "complete it or remove it"},
        {"--host a would change what is planned", hosts},
        {"'x' stands where an option is expected", program}}},
  };
  for (const auto& c : cases) {
    const auto read = parse_user_options(*split_shell_words(c.options), OpenMpiVersion{4, 1, 4});
    ASSERT_FALSE(read) << c.options;
    std::vector<Problem> problems;
    for (const auto& [what, remedy] : c.problems) problems.push_back({"MPI options", what, remedy});
    EXPECT_EQ(read.error(), (Error{Fault::configuration, problems}))
        << c.options << ": " << read.error().problems.front().what;
  }
}

TEST(UserOptions, AreTranslatedForOpenMpi5) {
  const struct {
    std::string options;
    std::string part;  // must stand in the command
  } cases[] = {
      {"-mca plm_rsh_agent /usr/bin/ssh", " --prtemca plm_ssh_agent /usr/bin/ssh "},
      {"-mca oob_tcp_if_exclude lo", " --prtemca prte_if_exclude lo "},
      {"--omca pml ucx", " --mca pml ucx "},
      {"--prtemca plm_ssh_no_tree_spawn 0", " --prtemca plm_ssh_no_tree_spawn 0 "},
      {"-mca orte_keep_fqdn_hostnames 1", " --prtemca prte_keep_fqdn_hostnames 1 "},
      {"-mca btl_vader_eager_limit 4096", " --mca btl_sm_eager_limit 4096 "},
      {"-mca btl_vader_single_copy_mechanism cma", " --mca smsc cma "},
      {"-mca btl ^openib", " --mca btl ^openib "},
      {"-map-by socket", " --map-by package "},
      {"-map-by ppr:4:socket:PE=2", " --map-by ppr:4:package:PE=2 "},
      {"-map-by node -nooversubscribe", " --map-by node:NOOVERSUBSCRIBE "},
      {"-bind-to socket", " --bind-to package "},
      {"-rf ranks", " --map-by rankfile:file=ranks "},
      {"-cpu-set 0-3", " --map-by pe-list=0-3 "},
      {"-cpus-per-proc 2", " --map-by slot:PE=2 "},
      {"-oversubscribe -use-hwthread-cpus", " --map-by slot:OVERSUBSCRIBE:HWTCPUS "},
      {"--map-by :OVERSUBSCRIBE -oversubscribe", " --map-by slot:OVERSUBSCRIBE "},
      {"-report-bindings --display allocation,topo=x", " --display map,bind,allocation,topo=x "},
      {"-timestamp-output --output merge-stderr-to-stdout",
       " --output tag,timestamp,merge-stderr-to-stdout "},
      {"--runtime-options show-progress --runtime-options notifyerrors",
       " --runtime-options show-progress,notifyerrors "},
      {"--map-by slot:HWTCPUS --use-hwthread-cpus", " --map-by slot:HWTCPUS "},
      {"--map-by core:PE=2 --cpus-per-proc 3", " --map-by core:PE=3 "},
      {"--map-by slot:NOOVERSUBSCRIBE -oversubscribe", " --map-by slot:OVERSUBSCRIBE "},
  };
  for (const auto& c : cases) {
    const Result<MpirunCommand> command = mpirun_command(with_options(c.options, 5));
    ASSERT_TRUE(command) << c.options << ": " << command.error().problems.front().what;
    const std::string text = joined(command->argv);
    EXPECT_THAT(text, testing::HasSubstr(c.part)) << c.options;
    for (const std::string once : {"--map-by", "--bind-to", "--display", "--output", "--runtime-options"}) {
      EXPECT_LE(std::count(command->argv.begin(), command->argv.end(), once), 1) << c.options << ": " << text;
    }
  }
}

TEST(UserOptions, ThatTheVersionLacksAreLeftOut) {
  const Result<MpirunCommand> five = mpirun_command(with_options("-q -hnp x -v", 5));
  ASSERT_TRUE(five);
  EXPECT_THAT(five->warnings, ElementsAre("your --quiet is left out: Open MPI 5 does not know it",
                                          "your --hnp x is left out: Open MPI 5 does not know it"));
  EXPECT_EQ(user_part(*five), "--verbose");
  const Result<MpirunCommand> four =
      mpirun_command(with_options("--tmpdir /scratch --display topo=x --runtime-options show-progress -v"));
  ASSERT_TRUE(four);
  EXPECT_THAT(four->warnings,
              ElementsAre("your --tmpdir /scratch is left out: Open MPI 4 does not know it",
                          "your --display topo=x is left out: Open MPI 4 does not know it",
                          "your --runtime-options show-progress is left out: Open MPI 4 does not know it"));
  EXPECT_EQ(user_part(*four), "--verbose");
}

TEST(UserOptions, OfOpenMpi5AreUnderstoodForOpenMpi4) {
  const Result<MpirunCommand> command = mpirun_command(with_options(
      "--display map,bind --output tag,timestamp --prtemca plm_ssh_agent ssh --mca btl_sm_eager_limit 1"));
  ASSERT_TRUE(command);
  EXPECT_EQ(user_part(*command),
            "--display-map --report-bindings --tag-output --timestamp-output -mca plm_rsh_agent ssh "
            "-mca btl_sm_eager_limit 1");
}

}  // namespace
}  // namespace smlaunch
