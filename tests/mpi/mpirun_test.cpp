// SPDX-License-Identifier: Apache-2.0
#include "mpi/mpirun.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/mpi/two_hosts.hpp"

namespace smlaunch {
namespace {

TEST(MpirunCommand, IsTheToolkitsWithOurAdditions) {
  EXPECT_EQ(
      line(two_hosts()),
      "mpirun --host algo-1:8,algo-2:8 -np 16 --allow-run-as-root --display-map --tag-output "
      "-mca btl_tcp_if_include eth0 -mca oob_tcp_if_include eth0 -mca plm_rsh_no_tree_spawn 1 "
      "-bind-to none -map-by slot -mca pml ob1 -mca btl ^openib,ofi -mca orte_abort_on_non_zero_status 1 "
      "-mca btl_vader_single_copy_mechanism none -mca plm_rsh_num_concurrent 2 "
      "-mca plm_rsh_args -o BatchMode=yes -o ConnectTimeout=10 -mca oob_tcp_keepalive_time 5 "
      "-mca oob_tcp_keepalive_intvl 2 -mca oob_tcp_keepalive_probes 3 "
      "-x NCCL_MIN_NRINGS=4 -x NCCL_SOCKET_IFNAME=eth0 -x NCCL_DEBUG=INFO -x LD_LIBRARY_PATH -x PATH "
      "/usr/bin/smlaunch rank -- python3 train.py");
}

TEST(MpirunCommand, ForSmddpMapsBySlotAndOversubscribes) {
  MpirunRequest request = two_hosts();
  request.style = MpirunStyle::smddp;
  request.exported_values = {{"SMDATAPARALLEL_USE_HOMOGENEOUS", "1"}};
  request.exported = {};
  EXPECT_EQ(
      line(request),
      "mpirun --host algo-1:8,algo-2:8 -np 16 --allow-run-as-root --tag-output --oversubscribe "
      "-mca btl_tcp_if_include eth0 -mca oob_tcp_if_include eth0 -mca plm_rsh_no_tree_spawn 1 "
      "-bind-to none -map-by slot -mca pml ob1 -mca btl ^openib,ofi -mca orte_abort_on_non_zero_status 1 "
      "-mca btl_vader_single_copy_mechanism none -mca plm_rsh_num_concurrent 2 "
      "-mca plm_rsh_args -o BatchMode=yes -o ConnectTimeout=10 -mca oob_tcp_keepalive_time 5 "
      "-mca oob_tcp_keepalive_intvl 2 -mca oob_tcp_keepalive_probes 3 -x SMDATAPARALLEL_USE_HOMOGENEOUS=1 "
      "/usr/bin/smlaunch rank -- python3 train.py");
}

TEST(MpirunCommand, SpeaksTheWordsOfOpenMpi5) {
  MpirunRequest request = two_hosts();
  request.version = {5, 0, 7};
  request.oversubscribe = true;
  request.yields_when_idle = true;
  request.ssh_port = 2222;
  EXPECT_EQ(line(request),
            "mpirun --host algo-1:8,algo-2:8 --np 16 --allow-run-as-root --display map --output tag "
            "--map-by slot:OVERSUBSCRIBE --mca btl_tcp_if_include eth0 --prtemca prte_if_include eth0 "
            "--prtemca plm_ssh_no_tree_spawn 1 --bind-to none --mca pml ob1 --mca btl ^ofi "
            "--prtemca state_base_error_non_zero_exit 1 --mca smsc ^cma,knem,xpmem "
            "--prtemca plm_ssh_num_concurrent 2 --prtemca plm_ssh_args -o BatchMode=yes -o ConnectTimeout=10 "
            "-p 2222 "
            "--prtemca oob_tcp_keepalive_time 5 --prtemca oob_tcp_keepalive_intvl 2 "
            "--prtemca oob_tcp_keepalive_probes 3 --mca mpi_yield_when_idle 1 "
            "-x NCCL_MIN_NRINGS=4 -x NCCL_SOCKET_IFNAME=eth0 -x NCCL_DEBUG=INFO -x LD_LIBRARY_PATH -x PATH "
            "/usr/bin/smlaunch rank -- python3 train.py");
}

TEST(MpirunCommand, StartsItsDaemonsByAnotherAgentThanSsh) {
  MpirunRequest request = two_hosts();
  request.remote_agent = "/usr/bin/smlaunch worker --srun";
  request.exported_values = {};
  request.exported = {};
  EXPECT_EQ(
      line(request),
      "mpirun --host algo-1:8,algo-2:8 -np 16 --allow-run-as-root --display-map --tag-output "
      "-mca btl_tcp_if_include eth0 -mca oob_tcp_if_include eth0 -mca plm_rsh_no_tree_spawn 1 "
      "-bind-to none -map-by slot -mca pml ob1 -mca btl ^openib,ofi -mca orte_abort_on_non_zero_status 1 "
      "-mca btl_vader_single_copy_mechanism none -mca plm_rsh_num_concurrent 2 "
      "-mca plm rsh -mca plm_rsh_agent /usr/bin/smlaunch worker --srun -mca ras ^slurm "
      "-mca orte_leave_session_attached 1 -mca oob_tcp_keepalive_time 5 "
      "-mca oob_tcp_keepalive_intvl 2 -mca oob_tcp_keepalive_probes 3 "
      "/usr/bin/smlaunch rank -- python3 train.py");
  // Every agent runs as long as its daemon: none waits for its turn.
  request.hosts.assign(200, {"a", 8});
  EXPECT_NE(line(request).find("-mca plm_rsh_num_concurrent 200"), std::string::npos);
  // Which batch job it is has been decided by then.
  request.schedulers = {"Slurm"};
  EXPECT_EQ(line(request).find("^slurm -mca plm ^slurm"), std::string::npos) << line(request);
  request = with_options("-mca plm_rsh_args -C", 5);
  request.remote_agent = "/usr/bin/smlaunch worker --srun";
  const std::string in_5 = line(request);
  EXPECT_NE(in_5.find("--prtemca plm_ssh_args -C "), std::string::npos) << in_5;
  EXPECT_NE(in_5.find("--prtemca plm ssh --prtemca plm_ssh_agent /usr/bin/smlaunch worker --srun "
                      "--prtemca ras ^slurm"),
            std::string::npos)
      << in_5;
}

TEST(MpirunCommand, GivesAnAgentInTheShapeOfSshTheArgumentsOfSsh) {
  MpirunRequest request = two_hosts();
  request.ssh_agent = "/usr/bin/smlaunch worker --ssh";
  request.ssh_control_path = "/tmp/x/ssh-%n";
  EXPECT_THAT(
      line(request),
      testing::HasSubstr(" -mca plm_rsh_agent /usr/bin/smlaunch worker --ssh -mca plm_rsh_args "
                         "-o BatchMode=yes -o ConnectTimeout=10 -o ControlPath=/tmp/x/ssh-%n -mca oob"));
  request.version = {5, 0, 7};
  EXPECT_THAT(
      line(request),
      testing::HasSubstr(" --prtemca plm_ssh_agent /usr/bin/smlaunch worker --ssh --prtemca plm_ssh_args "));
  request.remote_agent = "/usr/bin/smlaunch worker --srun";
  EXPECT_THAT(line(request), Not(testing::HasSubstr("--ssh")));
}

TEST(MpirunCommand, SaysOnlyWhatTheRequestNeeds) {
  MpirunRequest request = two_hosts();
  EXPECT_THAT(line(request), Not(AnyOf(testing::HasSubstr("--oversubscribe"), testing::HasSubstr("yield"),
                                       testing::HasSubstr(" -p "), testing::HasSubstr("fqdn"))));
  request.tcp_include = "";
  request.oversubscribe = true;
  request.yields_when_idle = true;
  request.ssh_port = 2222;
  request.hosts = {{"one.example", 1}};
  request.mpirun = "/opt/openmpi/bin/mpirun";
  const std::string text = line(request);
  EXPECT_THAT(text, testing::StartsWith("/opt/openmpi/bin/mpirun --host one.example -np 16 "));
  EXPECT_THAT(text, Not(testing::HasSubstr("if_include")));
  EXPECT_THAT(text, Not(testing::HasSubstr("num_concurrent")));
  EXPECT_THAT(text, testing::HasSubstr(" --tag-output --oversubscribe "));
  EXPECT_THAT(text, testing::HasSubstr(" -mca mpi_yield_when_idle 1 "));
  EXPECT_THAT(text, testing::HasSubstr(" -mca plm_rsh_args -o BatchMode=yes -o ConnectTimeout=10 -p 2222 "));
  EXPECT_THAT(text, testing::HasSubstr(" -mca orte_keep_fqdn_hostnames 1 "));
}

TEST(MpirunCommand, KeepsToASubnetOrOffWhatLeadsNowhere) {
  MpirunRequest request = two_hosts();
  request.tcp_include = "10.0.0.0/24";
  request.tcp_exclude = "docker0";
  EXPECT_THAT(line(request), testing::HasSubstr(" -mca btl_tcp_if_include 10.0.0.0/24 -mca "
                                                "oob_tcp_if_include 10.0.0.0/24 "));
  EXPECT_THAT(line(request), Not(testing::HasSubstr("exclude"))) << "Open MPI takes one of the two";
  request.tcp_include = "";
  EXPECT_THAT(line(request),
              testing::HasSubstr(" -mca btl_tcp_if_exclude docker0 -mca oob_tcp_if_exclude docker0 "));
  request.settings =
      parse_mpi_settings({"-mca", "btl_tcp_if_include", "eth1"}, "", {}, request.version).value();
  EXPECT_THAT(line(request), testing::HasSubstr(" -mca oob_tcp_if_exclude docker0 "));
  EXPECT_THAT(line(request), testing::HasSubstr(" -mca btl_tcp_if_include eth1 "));
  EXPECT_THAT(line(request), Not(testing::HasSubstr("btl_tcp_if_exclude")));
  request.version.major = 5;
  EXPECT_THAT(line(request), testing::HasSubstr(" --prtemca prte_if_exclude docker0 "));
}

TEST(MpirunCommand, NamesSlotsUnlessAllHostsHaveOne) {
  MpirunRequest request = two_hosts();
  request.hosts = {{"a", 1}, {"b", 1}};
  EXPECT_THAT(line(request), testing::HasSubstr("--host a,b -np"));
  request.hosts = {{"a", 1}, {"b", 2}};
  EXPECT_THAT(line(request), testing::HasSubstr("--host a:1,b:2 -np"));
  request.hosts = {{"198.18.0.1", 2}, {"198.18.0.2", 2}};
  EXPECT_THAT(line(request), testing::HasSubstr("--host 198.18.0.1:2,198.18.0.2:2 -np"));
  EXPECT_THAT(line(request), Not(testing::HasSubstr("fqdn")));
}

TEST(MpirunCommand, SplitsAHostListThatIsTooLongForTheKernel) {
  MpirunRequest request = two_hosts();
  request.hosts.clear();
  for (int i = 1; i <= 20'000; ++i) request.hosts.emplace_back(fmt::format("algo-{}", i), 8);
  const Result<MpirunCommand> command = mpirun_command(request);
  ASSERT_TRUE(command);
  std::string hosts;
  for (std::size_t i = 0; i < command->argv.size(); ++i) {
    EXPECT_LT(command->argv[i].size(), 131'072U);
    if (i > 0 && command->argv[i - 1] == "--host") hosts += (hosts.empty() ? "" : ",") + command->argv[i];
  }
  std::string expected;
  for (int i = 1; i <= 20'000; ++i) expected += fmt::format("{}algo-{}:8", i > 1 ? "," : "", i);
  EXPECT_EQ(hosts, expected);
  EXPECT_THAT(joined(command->argv), testing::HasSubstr("-mca plm_rsh_num_concurrent 128 "));
}

TEST(MpirunCommand, RefusesNamesThatOpenMpi4CannotTake) {
  const auto problem = [](const std::string& name, int major, bool alone) {
    MpirunRequest request = two_hosts();
    if (major == 5) request.version = {5, 0, 7};
    request.hosts = {{name, 8}};
    if (!alone) request.hosts.emplace_back("algo-2", 8);
    const auto command = mpirun_command(request);
    return command ? "" : command.error().problems.front().what;
  };
  const std::string letters(57, 'l');
  EXPECT_EQ(problem("my_host", 4, false), "Open MPI 4 takes no host whose name holds '_', and hangs");
  EXPECT_EQ(problem(letters + "1", 4, false),
            "Open MPI 4 crashes at a host's name with more than 56 characters before its first digit");
  for (const std::string& name :
       {std::string("a-b.c"), letters.substr(1), letters.substr(1) + "1" + letters,
        std::string("w-0.train-job-worker.default.svc.cluster.local.a.long.one.at.that")})
    EXPECT_EQ(problem(name, 4, false), "") << name;
  for (const std::string& name : {std::string("my_host"), letters}) {
    EXPECT_EQ(problem(name, 4, true), "") << "one host needs no daemon";
    EXPECT_EQ(problem(name, 5, false), "");
  }
}

TEST(MpirunCommand, RefusesAnIpv6AddressThatMpirunWouldMisread) {
  MpirunRequest request = two_hosts();
  request.hosts[1].first = "fe80::1";
  const Result<MpirunCommand> command = mpirun_command(request);
  ASSERT_FALSE(command);
  EXPECT_EQ(command.error(), (Error{Fault::configuration,
                                    {{"host fe80::1", "mpirun's --host takes no IPv6 address",
                                      "give the host by a name that resolves to the address"}}}));
}

TEST(MpirunCommand, IsAnInternalErrorWithoutHostsOrRanks) {
  MpirunRequest request = two_hosts();
  request.hosts.clear();
  EXPECT_EQ(mpirun_command(request).error().fault, Fault::internal);
  request = two_hosts();
  request.processes = 0;
  EXPECT_EQ(mpirun_command(request).error().fault, Fault::internal);
}

}  // namespace
}  // namespace smlaunch
