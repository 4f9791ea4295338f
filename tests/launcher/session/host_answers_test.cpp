// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/host_answers.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <vector>

#include "launcher/job/job_interface.hpp"

namespace smlaunch {
namespace {

HostReadiness host_of(const std::string& name, ReadyState state, const std::string& answer = "") {
  HostReadiness host;
  host.name = name;
  host.state = state;
  host.answer = answer;
  return host;
}

TEST(JudgeHostAnswer, SaysWhatAHostLacks) {
  const std::vector<WantedInterface> wanted = {{.pattern = "=eth7"}, {"ib", InterfaceUser::nccl}};
  EXPECT_FALSE(judge_host_answer(wanted, {"bash"}, "smlaunch 0.1.0\nworker\n"));
  EXPECT_FALSE(judge_host_answer(wanted, {"bash"}, "smlaunch 0.1.0\nno worker\n"));
  const auto daemon = judge_host_answer(wanted, {"bash"}, "smlaunch 0.1.0\nno worker\nno daemon\n");
  ASSERT_TRUE(daemon);
  EXPECT_EQ(to_string(daemon->cause), "Open MPI's daemon is not there beside the path of our mpirun");
  EXPECT_EQ(daemon->remedy, "install the same Open MPI at the same path");
  const auto interface =
      judge_host_answer(wanted, {"bash"}, "smlaunch 0.1.0\ninterface: 0|is down|eth0\nworker\n");
  ASSERT_TRUE(interface);
  EXPECT_EQ(to_string(interface->cause), "network interface eth7 is down there");
  EXPECT_EQ(interface->remedy, interface_error("", {.pattern = "=eth7"}, "", "eth0").problems.front().remedy);
  EXPECT_EQ(to_string(judge_host_answer(wanted, {"bash"}, "interface: 1|is the name of none|")->cause),
            "NCCL_SOCKET_IFNAME=ib is the name of none there");
  EXPECT_FALSE(judge_host_answer(wanted, {"bash"}, "interface: 2|is down|")) << "it was not asked about";
  EXPECT_FALSE(judge_host_answer(wanted, {"bash"}, "smlaunch 0.1.0\nno worker\nshell: dash\n"));
  EXPECT_EQ(to_string(judge_host_answer(wanted, {"bash"}, "smlaunch 0.1.0\nno worker\nshell: fish\n")->cause),
            "the login shell there is fish, which does not understand what mpirun has it do");
  EXPECT_FALSE(judge_host_answer(wanted, {"bash", true}, "smlaunch 0.1.0\nno worker\nshell: tcsh\n"));
  EXPECT_EQ(
      to_string(
          judge_host_answer(wanted, {"bash"}, "shell: sh\nfolder: /tmp cannot be written (x)\n")->cause),
      "/tmp cannot be written (x) there, and Open MPI's daemon puts its files there");
  EXPECT_EQ(to_string(judge_host_answer(wanted, {"bash"}, "token: /tmp/smlaunch-0: x\n")->cause),
            "smlaunch cannot start there: the job's token cannot be left: /tmp/smlaunch-0: x");
}

TEST(JudgeHostAnswer, SaysWhyADaemonDoesNotRun) {
  const auto daemon =
      judge_host_answer({}, {"bash"}, "smlaunch 0.1.0\nno worker\ndaemon: exited with code 1\n");
  ASSERT_TRUE(daemon);
  EXPECT_EQ(to_string(daemon->cause), "Open MPI's daemon does not run there: it exited with code 1");
  EXPECT_EQ(daemon->remedy, "install the same Open MPI there, with all its libraries");
  EXPECT_FALSE(judge_host_answer({}, {"bash"}, "smlaunch 0.1.0\nno worker\nnoexec: /tmp\n"))
      << "a job may need no program there";
}

TEST(NoexecFolders, AreNamedWithTheirHosts) {
  RemoteReport report;
  for (const char* name : {"a", "b", "c"}) report.hosts.emplace_back().name = name;
  EXPECT_TRUE(describe_noexec_folders(report).empty());
  report.hosts[0].answer = "smlaunch 0.1.0\nnoexec: /tmp\n";
  report.hosts[2].answer = "noexec: /tmp\n";
  const auto sentences = describe_noexec_folders(report);
  ASSERT_EQ(sentences.size(), 1U);
  EXPECT_EQ(
      sentences.front(),
      "a, c: /tmp is mounted noexec: what the job compiles there (torch.compile, Triton, C++ extensions) "
      "cannot be loaded; mount it without noexec, or set TMPDIR for the job");
}

TEST(NoteDomains, TakesWhatHostsAndSpareHostsTell) {
  const std::string rack = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f";
  RemoteReport report;
  for (const char* name : {"a", "b"}) report.hosts.emplace_back().name = name;
  report.spare_hosts.emplace_back().name = "c";
  report.hosts[0].answer = "smlaunch 0.1.0\nno worker\nnvlink domain: " + rack + "/1\n";
  report.hosts[1].answer = "smlaunch 0.1.0\nno worker\nnvlink domain: the moon\n";
  report.spare_hosts[0].answer = "nvlink domain: " + rack + "/2\n";
  HostDomains domains = {{"b", {.cluster = rack, .clique = 7}}};
  note_domains(report, domains);
  EXPECT_EQ(domains, (HostDomains{{"a", {.cluster = rack, .clique = 1}},
                                  {"b", {.cluster = rack, .clique = 7}},
                                  {"c", {.cluster = rack, .clique = 2}}}));
}

TEST(CheckInterfaces, FailsForEveryHostWhoseInterfaceCannotCarryTheJob) {
  const std::vector<WantedInterface> wanted = {{.pattern = "=eth7"}};
  RemoteReport report;
  report.hosts = {host_of("a", ReadyState::ready, "smlaunch 0.1.0\nworker\n"),
                  host_of("b", ReadyState::failed, "smlaunch 0.1.0\ninterface: 1|is down|eth0\n")};
  EXPECT_FALSE(check_interfaces(wanted, report)) << "it was not asked about";
  report.hosts.push_back(host_of("c", ReadyState::failed, "smlaunch 0.1.0\ninterface: 0|is down|eth0\n"));
  report.hosts.push_back(host_of("d", ReadyState::failed, "smlaunch 0.1.0\ninterface: 0|has no carrier|\n"));
  const auto outcome = check_interfaces(wanted, report);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->failure_class, FailureClass::configuration);
  EXPECT_EQ(outcome->message.find("c: network interface eth7: is down there"), 0U) << outcome->message;
  EXPECT_NE(outcome->message.find("\nd: network interface eth7: has no carrier there"), std::string::npos)
      << outcome->message;
}

TEST(FindSpareProblem, SaysWhyASpareHostIsNotCountedOn) {
  const std::vector<WantedInterface> wanted = {{.pattern = "=eth7"}};
  EXPECT_FALSE(find_spare_problem(wanted, host_of("a", ReadyState::ready, "smlaunch 0.1.0\nworker\n")));
  EXPECT_EQ(find_spare_problem(wanted, host_of("a", ReadyState::ready, "interface: 0|is down|\n")),
            "network interface eth7 is down");
  HostReadiness silent = host_of("a", ReadyState::waiting);
  silent.cause = {.trouble = HostTrouble::daemon_missing};
  EXPECT_EQ(find_spare_problem(wanted, silent), to_string(silent.cause));
}

TEST(OutcomeOfHosts, NamesTheHostThatCanNeverBeReadyBeforeTheHostsThatAreOnlyMissing) {
  RemoteReport report;
  report.hosts = {host_of("a", ReadyState::ready), host_of("b", ReadyState::waiting),
                  host_of("c", ReadyState::failed)};
  report.hosts[2].cause = {.trouble = HostTrouble::daemon_missing};
  report.seconds = 2;
  const Outcome hopeless = outcome_of_hosts(report, "waiting for the hosts");
  EXPECT_EQ(hopeless.failure_class, FailureClass::not_ready);
  EXPECT_EQ(hopeless.message.find("2 of 3 hosts not ready after 2.0 s; c ("), 0U) << hopeless.message;
  EXPECT_EQ(hopeless.hosts_at_fault, std::vector<std::string>{"c"});
  report.hosts[2].state = ReadyState::waiting;
  EXPECT_EQ(outcome_of_hosts(report, "waiting for the hosts").hosts_at_fault,
            (std::vector<std::string>{"b", "c"}));
  report.stopped_by_signal = SIGTERM;
  EXPECT_EQ(outcome_of_hosts(report, "waiting for the hosts").message,
            "stopped by SIGTERM while waiting for the hosts");
}

}  // namespace
}  // namespace smlaunch
