// SPDX-License-Identifier: Apache-2.0
#include "mpi/parameter_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smlaunch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr OpenMpiVersion version_4{4, 1, 4};
constexpr OpenMpiVersion five{5, 0, 3};

TEST(ParameterFiles, AreTheUsersAndThoseBesideTheMpirun) {
  using Files = std::vector<ParameterFile>;
  const std::map<std::string, std::string> home = {{"HOME", "/home/me"}};
  const ParameterFile mine{"/home/me/.openmpi/mca-params.conf", false};
  EXPECT_EQ(
      parameter_files(home, "/usr/bin/mpirun", version_4),
      (Files{mine, {"/etc/openmpi/openmpi-mca-params.conf", true}, {"/etc/openmpi-mca-params.conf", true}}));
  EXPECT_EQ(parameter_files(home, "/opt/ompi/bin/mpirun", version_4),
            (Files{mine, {"/opt/ompi/etc/openmpi-mca-params.conf", true}}));
  EXPECT_EQ(parameter_files({{"OPAL_PREFIX", "/moved"}}, "/opt/ompi/bin/mpirun", version_4),
            (Files{{"/moved/etc/openmpi-mca-params.conf", true}}));
  EXPECT_EQ(parameter_files(home, "/opt/ompi/bin/mpirun", five),
            (Files{{"/home/me/.prte/mca-params.conf", false},
                   mine,
                   {"/opt/ompi/etc/prte-mca-params.conf", true},
                   {"/opt/ompi/etc/openmpi-mca-params.conf", true}}));
  EXPECT_EQ(parameter_files({{"OMPI_MCA_mca_base_param_files", "/a:/b,/c"}, {"HOME", "/h"}},
                            "/usr/bin/mpirun", version_4),
            (Files{{"/a", false}, {"/b", false}, {"/c", false}}));
  EXPECT_THAT(parameter_files({}, "mpirun", version_4), IsEmpty());
}

TEST(ParameterFiles, ThatMpirunOpensFirstAreThoseOfAllVersionsAndOfPmix) {
  EXPECT_THAT(files_opened_first({{"HOME", "/h"}}, "/opt/ompi/bin/mpirun"),
              ElementsAre("/h/.prte/mca-params.conf", "/h/.openmpi/mca-params.conf",
                          "/opt/ompi/etc/prte-mca-params.conf", "/opt/ompi/etc/openmpi-mca-params.conf",
                          "/h/.pmix/mca-params.conf"));
  EXPECT_THAT(files_opened_first({{"OMPI_MCA_mca_base_param_files", "/a,/b"}, {"HOME", "/h"}}, "mpirun"),
              ElementsAre("/a", "/b", "/h/.pmix/mca-params.conf"));
}

TEST(ParameterFiles, ThatWouldHoldMpirunAreToldFromThoseThatItReads) {
  using std::filesystem::file_type;
  EXPECT_EQ(what_holds_mpirun(file_type::fifo, 0),
            "is a pipe, and mpirun, which opens it first of all, would wait for ever");
  EXPECT_EQ(what_holds_mpirun(file_type::directory, 0),
            "is a folder, and mpirun, which reads it first of all, fails");
  for (const file_type device : {file_type::character, file_type::block})
    EXPECT_EQ(what_holds_mpirun(device, 0),
              "is a device, and mpirun, which reads it first of all, may never end");
  EXPECT_EQ(what_holds_mpirun(file_type::regular, longest_parameter_file + 1),
            "is longer than 1 MiB, and mpirun reads all of it first");
  EXPECT_EQ(what_holds_mpirun(file_type::regular, longest_parameter_file), std::nullopt);
  // A socket cannot be opened, which mpirun takes for a file that is absent.
  for (const file_type other : {file_type::none, file_type::not_found, file_type::socket, file_type::unknown})
    EXPECT_EQ(what_holds_mpirun(other, 0), std::nullopt);
}

TEST(ParameterFiles, SayANameAndAValueOnALine) {
  const ParameterFile file{"/f", false};
  const auto parameter = [](const char* name, const char* value) {
    return SetParameter{name, value, "", "/f", false};
  };
  EXPECT_THAT(parse_parameter_file("# a comment\n\n pml = ucx \r\noob_tcp_include=eth1\n"
                                   "a = \"quoted words\"\nempty =\nlonely\n= value\ntwo names = x\nlast='1'",
                                   file),
              ElementsAre(parameter("pml", "ucx"), parameter("oob_tcp_if_include", "eth1"),
                          parameter("a", "quoted words"), parameter("last", "1")));
  EXPECT_THAT(parse_parameter_file("", file), IsEmpty());
  EXPECT_THAT(parse_parameter_file("\n\n", file), IsEmpty());
}

}  // namespace
}  // namespace smlaunch
