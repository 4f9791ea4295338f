// SPDX-License-Identifier: Apache-2.0
#include "mpi/open_mpi.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(ParseOpenMpiVersion, ReadsWhatMpirunPrints) {
  const struct {
    std::string text;
    OpenMpiVersion version;
  } cases[] = {
      {"mpirun (Open MPI) 4.1.4\n\nReport bugs to http://www.open-mpi.org/community/help/\n", {4, 1, 4}},
      {"mpirun (Open MPI) 5.0.7\n\nReport bugs to https://www.open-mpi.org/community/help/\n", {5, 0, 7}},
      {"mpiexec (Open MPI) 4.0.0\n", {4, 0, 0}},
      {"mpirun (Open MPI) 5.0.0rc12\n", {5, 0, 0}},
      {"mpirun (Open MPI) 5.1.0a1\n", {5, 1, 0}},
      {"mpirun (Open MPI) 4.1\n", {4, 1, 0}},
      {"some wrapper: hello\nmpirun (Open MPI)  4.1.6\n", {4, 1, 6}},
  };
  for (const auto& c : cases) {
    const Result<OpenMpiVersion> version = parse_open_mpi_version(c.text);
    ASSERT_TRUE(version) << c.text;
    EXPECT_EQ(*version, c.version) << c.text;
  }
}

TEST(ParseOpenMpiVersion, NamesAnotherMpi) {
  const struct {
    std::string text;
    std::string what;
  } cases[] = {
      {"Intel(R) MPI Library for Linux* OS, Version 2021.11 Build 20231005\n", "this mpirun is Intel MPI"},
      {"HYDRA build details:\n    Version:  4.1.2\n", "this mpirun is MPICH (hydra)"},
      {"mpirun (IBM Spectrum MPI) 10.4.0.03rtm4\n", "this mpirun is IBM Spectrum MPI"},
      {"prterun (PRRTE) 3.0.9\n", "this mpirun is PRRTE's prterun, not Open MPI's mpirun"},
      {"mpirun (Open MPI) 3.1.6\n", "this mpirun is Open MPI 3.1.6, older than 4"},
      {"mpirun (Open MPI) unknown\n", "no version of Open MPI in: mpirun (Open MPI) unknown"},
      {"\nbash: mpirun: command not found\n", "no version of Open MPI in: bash: mpirun: command not found"},
      {" \n", "it printed nothing"},
      {"", "it printed nothing"},
  };
  for (const auto& c : cases) {
    const Result<OpenMpiVersion> version = parse_open_mpi_version(c.text);
    ASSERT_FALSE(version) << c.text;
    const Problem problem{"mpirun --version", c.what, "put the mpirun of Open MPI 4 or 5 first on PATH"};
    EXPECT_EQ(version.error(), (Error{Fault::configuration, {problem}})) << c.text;
  }
}

TEST(OpenMpiVersionText, IsReadBack) {
  const OpenMpiVersion version{5, 0, 10};
  EXPECT_EQ(to_string(version), "5.0.10");
  EXPECT_EQ(parse_open_mpi_version("mpirun (Open MPI) " + to_string(version)).value(), version);
}

}  // namespace
}  // namespace smlaunch
