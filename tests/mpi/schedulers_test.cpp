// SPDX-License-Identifier: Apache-2.0
#include "mpi/schedulers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/mpi/two_hosts.hpp"

namespace smlaunch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(Schedulers, AreFoundByTheVariablesOfTheirJobs) {
  EXPECT_THAT(find_schedulers({{"SLURM_JOBID", "1"}}), ElementsAre("Slurm"));
  EXPECT_THAT(find_schedulers({{"SLURM_JOB_ID", "1"}, {"PBS_JOBID", "2"}}), ElementsAre("Slurm", "PBS"));
  EXPECT_THAT(find_schedulers({{"SLURM_CONF", "/etc/slurm/slurm.conf"}, {"PATH", "/bin"}}), IsEmpty())
      << "a host of a cluster is no job";
  EXPECT_THAT(find_schedulers({}), IsEmpty());
}

TEST(Schedulers, GiveNeitherHostsNorTheirStarter) {
  const auto options = [](const std::vector<std::string>& schedulers, int major) {
    MpirunRequest request = two_hosts();
    if (major == 5) request.version = {5, 0, 7};
    request.schedulers = schedulers;
    return line(request);
  };
  EXPECT_THAT(options({"Slurm"}, 4), HasSubstr(" -mca ras ^slurm -mca plm ^slurm "));
  EXPECT_THAT(options({"Slurm"}, 5), HasSubstr(" --prtemca ras ^slurm --prtemca plm ^slurm "));
  EXPECT_THAT(options({"Slurm", "PBS"}, 4), HasSubstr(" -mca ras ^slurm,tm,pbs -mca plm ^slurm,tm "));
  EXPECT_THAT(options({"Grid Engine"}, 4), HasSubstr(" -mca ras ^gridengine -mca plm_rsh_disable_qrsh 1 "));
  EXPECT_THAT(options({"LoadLeveler"}, 5),
              HasSubstr(" --prtemca ras ^loadleveler --prtemca plm_ssh_disable_llspawn 1 "));
  EXPECT_THAT(options({}, 4), Not(HasSubstr(" ras ")));
}

TEST(Schedulers, AreTheUsersMatterWhereTheySayWhoStartsOrGivesHosts) {
  MpirunRequest request = with_options("-mca plm slurm");
  request.schedulers = {"Slurm"};
  EXPECT_THAT(line(request), Not(HasSubstr("ras")));
  EXPECT_THAT(line(request), HasSubstr("-mca plm slurm"));
  request.settings =
      parse_mpi_settings({}, "", parameters_of({{"OMPI_MCA_ras", "slurm"}}, request.version), request.version)
          .value();
  EXPECT_THAT(line(request), Not(HasSubstr("plm ^slurm")));
}

}  // namespace
}  // namespace smlaunch
