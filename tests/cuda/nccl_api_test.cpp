// SPDX-License-Identifier: Apache-2.0
// The real NCCL: it loads, says its version and makes unique ids without a GPU or a driver.
#include "cuda/nccl_api.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "cuda/cuda_driver.hpp"
#include "cuda/nccl_library.hpp"

namespace smlaunch {
namespace {

std::string real_path() {
  std::error_code error;
  for (const std::string file :
       {REAL_NCCL, "/usr/local/cuda/lib64/libnccl.so.2", "/usr/local/cuda/lib/libnccl.so.2",
        "/usr/lib/x86_64-linux-gnu/libnccl.so.2"})
    if (std::filesystem::exists(file, error)) return file;
  return nccl_file_name;
}

TEST(NcclApi, TheRealNcclLoadsAndSaysItsVersion) {
  const auto nccl = load_nccl(real_path());
  if (!nccl) GTEST_SKIP() << "no NCCL on this machine: " << nccl.error().problems.front().what;
  EXPECT_FALSE(nccl->is_test_double);
  EXPECT_GE(nccl->version, 2000);
  EXPECT_LT(nccl->version, 100000);
  EXPECT_TRUE(std::filesystem::path(nccl->path).is_absolute()) << nccl->path;
  EXPECT_EQ(nccl->build_id.size(), 40U);
  EXPECT_EQ(nccl->is_non_blocking(), nccl->version >= 21400);
  EXPECT_NE(nccl->describe(nccl_in_progress, nullptr), "");

  NcclUniqueId first;
  NcclUniqueId second;
  ASSERT_EQ(nccl->get_unique_id(&first), nccl_success);
  ASSERT_EQ(nccl->get_unique_id(&second), nccl_success);
  EXPECT_NE(first.bytes, second.bytes);
}

TEST(NcclApi, ALibraryThatCannotBeLoadedIsToldWithTheReason) {
  const auto refused = [](const std::string& path) {
    const auto nccl = load_nccl(path);
    return nccl ? std::string("loaded") : nccl.error().problems.front().what;
  };
  EXPECT_EQ(refused("/there/is/no/libnccl.so.2"),
            "/there/is/no/libnccl.so.2: cannot open shared object file: No such file or directory");
  EXPECT_EQ(refused("/etc/passwd"), "/etc/passwd: invalid ELF header");
  EXPECT_EQ(refused("libthere-is-no-such.so.2"),
            "libthere-is-no-such.so.2: cannot open shared object file: No such file or directory");
  EXPECT_EQ(refused("libc.so.6"), "is no NCCL: it lacks ncclGetVersion");
  EXPECT_EQ(refused(FAKE_GPU), "is a test's imitation of NCCL");
}

TEST(CudaDriver, AMissingDriverIsSaid) {
  const auto driver = load_cuda_driver();
  if (driver) GTEST_SKIP() << "this machine has an NVIDIA driver";
  const Problem& problem = driver.error().problems.front();
  EXPECT_EQ(problem.where, "libcuda.so.1");
  EXPECT_FALSE(problem.what.empty());
  EXPECT_FALSE(problem.remedy.empty());
}

}  // namespace
}  // namespace smlaunch
