// SPDX-License-Identifier: Apache-2.0
#include "launcher/this_host/host_versions.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace smlaunch {
namespace {

constexpr const char* maps_of_daemon =
    "5581a0000000-5581a0001000 r-xp 00001000 fe:00 411 /usr/bin/orted\n"
    "5581a1000000-5581a1021000 rw-p 00000000 00:00 0   [heap]\n"
    "7f0000000000-7f0000021000 r--p 00000000 fe:00 412 /opt/old/libopen-rte.so.40 (deleted)\n"
    "7f0000100000-7f0000121000 rw-p 00000000 00:00 0 \n"
    "7f0000200000-7f0000221000 r-xp 00000000 fe:00 413 /opt/lib/libopen-rte.so.40.30.2\n"
    "7f0000300000-7f0000321000 r-xp 00000000 fe:00 414 /lib/libc.so.6";

TEST(HostVersions, AMappedLibraryIsFoundByTheBeginningOfItsName) {
  const struct {
    const char* stem;
    const char* file;
  } cases[] = {{"libopen-rte.so", "/opt/lib/libopen-rte.so.40.30.2"},  // not the file that is gone
               {"libc.so", "/lib/libc.so.6"},
               {"orted", "/usr/bin/orted"},
               {"rted", ""},
               {"heap", ""},
               {"lib", "/opt/lib/libopen-rte.so.40.30.2"}};
  for (const auto& each : cases)
    EXPECT_EQ(find_mapped_library(maps_of_daemon, each.stem), each.file) << each.stem;
  EXPECT_EQ(find_mapped_library("", "lib"), "");
  EXPECT_EQ(find_mapped_library("\n\n", "lib"), "");
}

TEST(HostVersions, AProcessThatIsNoneOfOpenMpisTellsNoVersion) {
  const std::string beside = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "mpirun";
  EXPECT_EQ(open_mpi_of_starter(getpid(), "/proc/self/exe"),
            "");                                         // it lies beside us, and we have no such library
  EXPECT_EQ(open_mpi_of_starter(getpid(), beside), "");  // there is none
  EXPECT_EQ(open_mpi_of_starter(getpid(), ""), "");
  EXPECT_EQ(open_mpi_of_starter(-1, "/usr/bin/mpirun"), "");
}

}  // namespace
}  // namespace smlaunch
