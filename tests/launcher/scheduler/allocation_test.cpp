// SPDX-License-Identifier: Apache-2.0
#include "launcher/scheduler/allocation.hpp"

#include <gtest/gtest.h>

#include <map>

#include "tests/launcher/scheduler/allocation_text.hpp"

namespace smlaunch {
namespace {

const Variables slurm = {{"SLURM_JOB_ID", "4"}, {"SLURM_JOB_NODELIST", "gn[1-2]"}};

std::string find(SchedulerOption option, const Variables& variables,
                 const std::map<std::string, std::string>& files = {}) {
  const SchedulerWorld world = {
      "pod-0", [&](const std::string& file) {
        const auto found = files.find(file);
        if (found != files.end()) return Result<std::string>(found->second);
        return Result<std::string>(failure(Fault::configuration, file, "cannot be read"));
      }};
  Options options;
  options.scheduler = option;
  return text_of(find_allocation(options, variables, world));
}

std::string find(const Variables& variables, const std::map<std::string, std::string>& files = {}) {
  return find(SchedulerOption::automatic, variables, files);
}

TEST(FindAllocation, TakesWhatTheEnvironmentShows) {
  EXPECT_EQ(find(Variables{}), "none");
  EXPECT_EQ(find(slurm), "Slurm's job 4: SLURM_JOB_NODELIST | gn1 gn2");
  EXPECT_EQ(find({{"PBS_JOBID", "7.pbs"}, {"PBS_NODEFILE", "/nodes"}}, {{"/nodes", "a\na\nb\nb\n"}}),
            "PBS's job 7.pbs: /nodes | a:2 b:2 | slots of /nodes");
  EXPECT_EQ(find({{"PBS_NODEFILE", "/nodes"}}, {{"/nodes", "a\nb\n"}}), "PBS: /nodes | a b");
  EXPECT_EQ(find({{"LSB_JOBID", "9"}, {"LSB_DJOB_HOSTFILE", "/nodes"}}, {{"/nodes", "a\na\nb\n"}}),
            "LSF's job 9: /nodes | a:2 b:1 | slots of /nodes");
  EXPECT_EQ(find({{"LSB_JOBID", "9"}, {"LSB_MCPU_HOSTS", "a 4 b 2 "}}),
            "LSF's job 9: LSB_MCPU_HOSTS | a:4 b:2 | slots of LSB_MCPU_HOSTS");
  EXPECT_EQ(find({{"LSB_JOBID", "9"}, {"LSB_HOSTS", "a a b b"}}),
            "LSF's job 9: LSB_HOSTS | a:2 b:2 | slots of LSB_HOSTS");
  const std::map<std::string, std::string> operators = {
      {"/etc/mpi/hostfile", "pi-worker-0.pi.default.svc slots=8\npi-worker-1.pi.default.svc slots=8\n"}};
  const std::string hosts =
      " | pi-worker-0.pi.default.svc:8 pi-worker-1.pi.default.svc:8 | slots of /etc/mpi/hostfile";
  EXPECT_EQ(find(Variables{}, operators), "MPI Operator: /etc/mpi/hostfile" + hosts);
  EXPECT_EQ(find({{"OMPI_MCA_orte_default_hostfile", "/etc/mpi/hostfile"}}, operators),
            "MPI Operator: /etc/mpi/hostfile of OMPI_MCA_orte_default_hostfile" + hosts);
  EXPECT_EQ(find({{"PET_NNODES", "1"}, {"PET_NPROC_PER_NODE", "4"}}),
            "PET_NNODES=1: this host | pod-0:4 | slots of PET_NPROC_PER_NODE");
  EXPECT_EQ(find({{"PET_NNODES", "1"}, {"PET_NPROC_PER_NODE", "gpu"}}), "PET_NNODES=1: this host | pod-0");
}

TEST(FindAllocation, TakesNoneOrTheOneThatIsNamed) {
  EXPECT_EQ(find(SchedulerOption::none, slurm), "none");
  EXPECT_EQ(find(SchedulerOption::slurm, slurm), "Slurm's job 4: SLURM_JOB_NODELIST | gn1 gn2");
  EXPECT_EQ(find(SchedulerOption::pbs, slurm), "--scheduler pbs: this environment has no PBS_NODEFILE");
  EXPECT_EQ(find(SchedulerOption::slurm, {}),
            "--scheduler slurm: this environment has no SLURM_JOB_ID and SLURM_JOB_NODELIST");
  EXPECT_EQ(find(SchedulerOption::lsf, {}),
            "--scheduler lsf: this environment has no LSB_JOBID and LSB_DJOB_HOSTFILE");
  EXPECT_EQ(find(SchedulerOption::mpi_operator, {}),
            "--scheduler mpi-operator: this environment has no OMPI_MCA_orte_default_hostfile and no "
            "/etc/mpi/hostfile");
  EXPECT_EQ(find(SchedulerOption::pet, {}), "--scheduler pet: this environment has no PET_NNODES");
}

TEST(FindAllocation, SaysWhatIsWrongWithTheFile) {
  EXPECT_EQ(find({{"PBS_NODEFILE", "/gone"}}), "/gone: cannot be read");
  EXPECT_EQ(find({{"OMPI_MCA_orte_default_hostfile", "/gone"}}), "/gone: cannot be read");
  EXPECT_EQ(find({{"PBS_NODEFILE", "/nodes"}}, {{"/nodes", ""}}), "/nodes: no hosts are listed");
}

TEST(FindAllocation, LeavesSeveralHostsThatStartThemselvesToWhoKnowsThem) {
  EXPECT_EQ(find({{"PET_NNODES", "2"}}), "none");
}

std::string fit(const Allocation& allocation, int ranks) {
  const auto fits = check_fit(allocation, {{"a", 1}, {"b", ranks}}, "option --processes-per-host");
  if (!fits) return fits.error().problems.front().where + ": " + fits.error().problems.front().what;
  return fmt::format("{}", fmt::join(*fits, "; "));
}

TEST(CheckFit, SaysWhatTheAllocationHasTooLittleOf) {
  Allocation allocation;
  allocation.hosts = {{"a", {}}, {"b", {}}};
  EXPECT_EQ(fit(allocation, 64), "");
  allocation.gpus = 4;
  allocation.gpus_source = "SLURM_GPUS_ON_NODE";
  EXPECT_EQ(fit(allocation, 4), "");
  EXPECT_EQ(
      fit(allocation, 8),
      "option --processes-per-host: 8 ranks are asked for on a host, and the allocation has 4 GPUs there "
      "(SLURM_GPUS_ON_NODE): b");
  allocation.gpus.reset();
  allocation.cpus = {8, 2};
  allocation.cpus_source = "SLURM_JOB_CPUS_PER_NODE";
  EXPECT_EQ(fit(allocation, 2), "");
  EXPECT_EQ(fit(allocation, 3),
            "the allocation has fewer CPUs than ranks (SLURM_JOB_CPUS_PER_NODE): b has 2");
}

}  // namespace
}  // namespace smlaunch
