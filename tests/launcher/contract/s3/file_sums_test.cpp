// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/file_sums.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/hex.hpp"
#include "tests/launcher/contract/s3/s3_server.hpp"

namespace smlaunch {
namespace {

// An open file without a name.
struct File {
  int fd = -1;
  explicit File(const std::string& content) {
    std::string name = (std::filesystem::temp_directory_path() / "file-sums-XXXXXX").string();
    fd = ::mkostemp(name.data(), O_CLOEXEC);
    ::unlink(name.c_str());
    EXPECT_EQ(::pwrite(fd, content.data(), content.size(), 0), static_cast<ssize_t>(content.size()));
  }
  ~File() { ::close(fd); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
};

TEST(FileSums, TakenMeanwhileAreThoseOfTheWholeFile) {
  for (const std::size_t size : {0U, 1U, 300'000U, 1U << 20U, (5U << 20U) + 1}) {
    const std::string content = made_up_content(size);
    const File file(content);
    const std::string name = "name";
    SumsMeanwhile meanwhile(file.fd, size, name);
    const auto crc = meanwhile.crc();
    ASSERT_TRUE(crc);
    EXPECT_EQ(*crc, crc32c(content)) << size;
    const auto sums = meanwhile.sums();
    ASSERT_TRUE(sums);
    EXPECT_EQ((*sums)->crc, *crc) << size;
    Md5 md5;
    md5.add(content);
    EXPECT_EQ(to_hex((*sums)->md5.finish()), to_hex(md5.finish())) << size;
  }
}

TEST(FileSums, AreNoneOfAFileThatIsShorterThanItWas) {
  const File file("short");
  const std::string name = "name";
  SumsMeanwhile meanwhile(file.fd, 6, name);
  const auto crc = meanwhile.crc();
  ASSERT_FALSE(crc);
  EXPECT_EQ(crc.error().problems.at(0).where, "name");
  EXPECT_EQ(crc.error().problems.at(0).what, "became shorter while it was uploaded");
  EXPECT_EQ(crc.error().cause, (S3Cause{.trouble = S3Trouble::changed}));
  EXPECT_FALSE(meanwhile.sums());
}

}  // namespace
}  // namespace smlaunch
