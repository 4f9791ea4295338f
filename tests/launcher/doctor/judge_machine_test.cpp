// SPDX-License-Identifier: Apache-2.0
#include "launcher/doctor/judge_machine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace smlaunch {
namespace {

using testing::HasSubstr;
using enum DoctorState;

MachineFacts good_machine() {
  MachineFacts facts;
  facts.smlaunch = facts.smlaunch_on_path = "/usr/bin/smlaunch";
  facts.mpirun = "/usr/bin/mpirun";
  facts.open_mpi = "4.1.4";
  facts.ssh = "/usr/bin/ssh";
  facts.sshd = "/usr/sbin/sshd";
  facts.python = "/usr/bin/python3";
  facts.python_version = "3.11.2";
  facts.gpus = {8, 8, true, true, ""};
  facts.driver = "550.54.15";
  facts.nccl = "2.21.5";
  facts.srun = "/usr/bin/srun";
  facts.slurm = "slurm 22.05.8";
  facts.munge = "/usr/bin/munge";
  facts.munge_answers = true;
  facts.shm_bytes = 64ULL << 30;
  facts.has_infiniband = true;
  facts.memlock_is_unlimited = true;
  return facts;
}

DoctorRow finding_of(const MachineFacts& facts, const std::string& thing) {
  for (const DoctorRow& each : judge_machine(facts))
    if (each.thing == thing) return each;
  return {thing, fine, "not told", {}};
}

TEST(JudgeMachine, AMachineThatHasAllIsFine) {
  for (const DoctorRow& each : judge_machine(good_machine())) {
    EXPECT_EQ(each.state, fine) << each.thing << ": " << each.found;
    EXPECT_EQ(each.remedy, "") << each.thing;
  }
}

struct Fault {
  const char* thing;
  void (*make)(MachineFacts&);
  DoctorRow found;
};
const Fault faults[] = {
    {"smlaunch",
     [](MachineFacts& f) { f.smlaunch_on_path = ""; },
     {"smlaunch", absent, SMLAUNCH_VERSION ", /usr/bin/smlaunch; PATH does not lead to it",
      "ln -s /usr/bin/smlaunch /usr/local/bin/smlaunch"}},
    {"Open MPI",
     [](MachineFacts& f) { f.mpirun = f.open_mpi = ""; },
     {"Open MPI", missing, "no mpirun on PATH: jobs of several hosts need it", "apt install openmpi-bin"}},
    {"Open MPI",
     [](MachineFacts& f) {
       f.open_mpi = "";
       f.mpirun_error = "is MPICH";
     },
     {"Open MPI", wrong, "/usr/bin/mpirun is MPICH",
      "put Open MPI 4 or 5 first on PATH; apt install openmpi-bin"}},
    {"ssh",
     [](MachineFacts& f) { f.ssh = ""; },
     {"ssh", missing, "not on PATH: other hosts cannot be reached", "apt install openssh-client"}},
    {"sshd",
     [](MachineFacts& f) { f.sshd = ""; },
     {"sshd", absent, "other hosts cannot start ranks here", "apt install openssh-server"}},
    {"python3",
     [](MachineFacts& f) { f.python = ""; },
     {"python3", missing, "not on PATH: jobs in Python need it, or --python FILE", "apt install python3"}},
    {"python3",
     [](MachineFacts& f) { f.python_version = ""; },
     {"python3", wrong, "/usr/bin/python3 does not answer", "/usr/bin/python3 --version"}},
    {"GPUs",
     [](MachineFacts& f) {
       f.gpus = {0, 0, false, false, "no NVIDIA driver is loaded"};
     },
     {"GPUs", absent, "no NVIDIA GPU: the all-reduce test runs on the CPU", ""}},
    {"GPUs",
     [](MachineFacts& f) {
       f.gpus = {0, 8, false, false, "no NVIDIA driver is loaded"};
     },
     {"GPUs", wrong, "8 on the PCI bus, and no driver is loaded",
      "install NVIDIA's driver, then: modprobe nvidia"}},
    {"GPUs",
     [](MachineFacts& f) {
       f.gpus = {0, 8, true, false, "no device"};
     },
     {"GPUs", wrong, "the driver is loaded, and this container shows no GPU",
      "start it with its GPUs: docker run --gpus all"}},
    {"GPUs",
     [](MachineFacts& f) {
       f.gpus = {0, 8, true, true, "Driver/library version mismatch"};
     },
     {"GPUs", wrong, "Driver/library version mismatch", "nvidia-smi"}},
    {"GPUs",
     [](MachineFacts& f) { f.gpus.nvml_error = "0000:3b:00.0 no longer answers"; },
     {"GPUs", wrong, "8, driver 550.54.15; 0000:3b:00.0 no longer answers", "nvidia-smi"}},
    {"NCCL",
     [](MachineFacts& f) { f.nccl = ""; },
     {"NCCL", absent, "none of the system's; a job's PyTorch brings its own", ""}},
    {"/dev/shm",
     [](MachineFacts& f) { f.shm_bytes = 64ULL << 20; },
     {"/dev/shm", wrong, "64 MiB: NCCL and data loaders want more than 1024",
      "docker run --shm-size 8g, or: mount -o remount,size=8g /dev/shm"}},
    {"memlock",
     [](MachineFacts& f) { f.memlock_is_unlimited = false; },
     {"memlock", wrong, "is limited, and InfiniBand is here: RDMA needs locked memory",
      "ulimit -l unlimited; docker run --ulimit memlock=-1"}},
    {"OpenSSL",
     [](MachineFacts& f) { f.openssl_error = "libssl.so.3: not found"; },
     {"OpenSSL", absent, "hosts talk to each other by it; libssl.so.3: not found", "apt install libssl3"}},
    {"libcurl",
     [](MachineFacts& f) { f.curl_error = "libcurl.so.4: not found"; },
     {"libcurl", absent, "code and output in S3 need it; libcurl.so.4: not found", "apt install libcurl4"}},
    {"libarchive",
     [](MachineFacts& f) { f.archive_error = "libarchive.so.13: not found"; },
     {"libarchive", absent, "packed code needs it; libarchive.so.13: not found", "apt install libarchive13"}},
    {"Slurm", [](MachineFacts& f) { f.srun = f.slurm = ""; }, {"Slurm", absent, "no srun on PATH", ""}},
    {"Slurm",
     [](MachineFacts& f) { f.slurm = ""; },
     {"Slurm", wrong, "/usr/bin/srun does not answer", "srun --version"}},
    {"munge",
     [](MachineFacts& f) { f.munge_answers = false; },
     {"munge", absent, "its daemon does not run; /usr/bin/munge is there", ""}},
};

TEST(JudgeMachine, WhatIsNotThereIsSaidWithWhatMendsIt) {
  for (const Fault& fault : faults) {
    MachineFacts facts = good_machine();
    fault.make(facts);
    const DoctorRow found = finding_of(facts, fault.thing);
    EXPECT_EQ(found, fault.found) << found.found << " -> " << found.remedy;
    const auto findings = judge_machine(facts);
    EXPECT_EQ(
        std::count_if(findings.begin(), findings.end(), [](const DoctorRow& f) { return f.state != fine; }),
        1)
        << fault.thing;
  }
}

TEST(JudgeMachine, AProgramThatHoldsOpensslOpensNone) {
  MachineFacts facts = good_machine();
  EXPECT_EQ(finding_of(facts, "OpenSSL").found, "can be opened");
  EXPECT_THAT(render_versions(facts, ""), HasSubstr("OpenSSL     can be opened\n"));
  facts.holds_openssl = true;
  EXPECT_EQ(finding_of(facts, "OpenSSL"), (DoctorRow{"OpenSSL", fine, "in this program", ""}));
  EXPECT_THAT(render_versions(facts, ""), HasSubstr("OpenSSL     in this program\n"));
}

TEST(JudgeMachine, LimitedMemoryLocksMatterOnlyWithInfiniBand) {
  MachineFacts facts = good_machine();
  facts.has_infiniband = facts.memlock_is_unlimited = false;
  EXPECT_EQ(finding_of(facts, "memlock").found, "not told");
}

TEST(JudgeHosts, SaysOfEachHostHowItAnswers) {
  const std::vector<HostReadiness> hosts = {
      {.name = "a", .state = ReadyState::ready, .stage = ReadyStage::smlaunch, .seconds = 0.25},
      {.name = "b",
       .state = ReadyState::failed,
       .stage = ReadyStage::login,
       .cause = {.trouble = HostTrouble::login_denied, .detail = "publickey"},
       .remedy = "a key"},
      {.name = "c", .state = ReadyState::waiting, .stage = ReadyStage::tcp}};
  const std::vector<DoctorRow> expected = {{"a", fine, "answers in 0.2 s", ""},
                                           {"b", wrong, "login: SSH login denied (publickey)", "a key"},
                                           {"c", missing, "tcp: no answer", ""}};
  EXPECT_EQ(judge_hosts(hosts), expected);
}

TEST(RenderFindings, PutsTheRemedyBelow) {
  const std::vector<DoctorRow> findings = {{"ssh", fine, "/usr/bin/ssh", ""},
                                           {"Open MPI", missing, "no mpirun", "apt install openmpi-bin"},
                                           {"GPUs", absent, "none", ""}};
  EXPECT_EQ(render_findings("this machine", findings),
            "this machine\n"
            "  ssh       fine      /usr/bin/ssh\n"
            "  Open MPI  missing   no mpirun\n"
            "                      -> apt install openmpi-bin\n"
            "  GPUs      not here  none\n");
  EXPECT_EQ(render_summary(findings), "1 of 3 has to be mended: see each ->.\n");
  EXPECT_EQ(render_summary({findings.front(), findings.back()}), "Nothing has to be mended.\n");
}

TEST(RenderVersions, NamesWhatIsFoundAndWhatIsNot) {
  const std::string text = render_versions(good_machine(), "C++20 by g++");
  for (const char* part : {"smlaunch " SMLAUNCH_VERSION "\n", "made of     C++20 by g++\n",
                           "Open MPI    4.1.4, /usr/bin/mpirun\n", "driver      550.54.15\n",
                           "Slurm       slurm 22.05.8, /usr/bin/srun\n", "kernels     PTX 6.3"})
    EXPECT_THAT(text, HasSubstr(part));
  EXPECT_THAT(render_versions({}, ""), HasSubstr("Open MPI    not here\n"));
}

}  // namespace
}  // namespace smlaunch
