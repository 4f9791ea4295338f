// SPDX-License-Identifier: Apache-2.0
// The archives one by one are in tests/process/code_test.sh.
#include "launcher/contract/code/fetch_code.hpp"

#include <gtest/gtest.h>

#include "tests/launcher/contract/support.hpp"

namespace smlaunch {
namespace {

class FetchCode : public testing::Test {
 protected:
  Result<bool> fetch(const std::string& module_dir) {
    request_.module_dir = module_dir;
    request_.code = base_.path() / "ml/code";
    request_.working_directory = base_.path();
    auto folder = CodeFolder::lock(request_.code, [] { return false; });
    if (!folder) return tl::unexpected(folder.error());
    return fetch_code(request_, *folder);
  }

  Folder base_;
  FetchRequest request_;
};

TEST_F(FetchCode, CopiesAFolderOrAFile) {
  base_.write("source/pkg/train.py", "x");
  EXPECT_TRUE(fetch("source").value());
  EXPECT_EQ(base_.read("ml/code/pkg/train.py"), "x");
  EXPECT_FALSE(fetch("source").value());
  std::filesystem::remove_all(base_.path() / "ml/code");
  EXPECT_TRUE(fetch("source/pkg/train.py").value());
  EXPECT_EQ(base_.read("ml/code/train.py"), "x");
}

TEST_F(FetchCode, DownloadsWhatIsInABucketAndTakesNothingButAnArchive) {
  request_.download = [](const std::string& url, const std::filesystem::path& file) -> Result<void> {
    std::ofstream(file) << url;
    return {};
  };
  const auto fetched = fetch("s3://bucket/train.py");
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().problems.front().where, "s3://bucket/train.py");
  EXPECT_EQ(fetched.error().problems.front().what, "is no tar archive");
  EXPECT_FALSE(std::filesystem::exists(base_.path() / "ml/code"));
}

TEST_F(FetchCode, ADownloadThatFailsIsTold) {
  request_.download = [](const std::string& url, const std::filesystem::path&) -> Result<void> {
    return failure(Fault::start, url, "is not there");
  };
  const auto fetched = fetch("s3://bucket/code.tar.gz");
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().problems.front().what, "is not there");
}

TEST_F(FetchCode, NothingWhereTheCodeIsAlready) {
  base_.write("ml/code/train.py", "mine");
  EXPECT_FALSE(fetch("s3://bucket/code.tar.gz").value());
  EXPECT_FALSE(is_code_to_be_fetched("s3://bucket/code.tar.gz", base_.path() / "ml/code"));
  EXPECT_EQ(base_.read("ml/code/train.py"), "mine");
}

TEST_F(FetchCode, NothingWhereTheCodeFolderItselfIsNamed) {
  std::filesystem::create_directories(base_.path() / "ml/code");
  const std::string code = (base_.path() / "ml/code").native();
  EXPECT_FALSE(is_code_to_be_fetched(code, code));
  EXPECT_FALSE(is_code_to_be_fetched(code + "/../code", code));
  EXPECT_FALSE(is_code_to_be_fetched(code + "/", code));
  EXPECT_TRUE(is_code_to_be_fetched("s3://bucket/code", code));
  EXPECT_TRUE(is_code_to_be_fetched("", code));
}

TEST_F(FetchCode, AnArchiveIsUnpackedWhereItLiesOnlyIfThatIsAskedForAndItIsAlone) {
  base_.write("ml/code/src.tar.gz", "no archive");
  const std::string archive = (base_.path() / "ml/code/src.tar.gz").native();
  EXPECT_FALSE(fetch(archive).value()) << "there is code already";
  EXPECT_TRUE(is_archive_to_be_unpacked(archive, base_.path() / "ml/code"));
  EXPECT_FALSE(is_archive_to_be_unpacked(archive, base_.path() / "ml"));
  EXPECT_FALSE(is_archive_to_be_unpacked((base_.path() / "ml/code").native(), base_.path() / "ml/code"));
  request_.is_in_code = true;
  EXPECT_EQ(fetch(archive).error().problems.front().what, "is no tar archive");
  EXPECT_EQ(base_.read("ml/code/src.tar.gz"), "no archive");
  base_.write("ml/code/train.py", "mine");
  EXPECT_FALSE(fetch(archive).value());
}

TEST_F(FetchCode, StopsWhenItIsTold) {
  base_.write("source/train.py", "x");
  const std::atomic<bool> cancelled{true};
  request_.cancelled = &cancelled;
  const auto fetched = fetch("source");
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().problems.front().what, "was not copied: told to stop");
  EXPECT_FALSE(std::filesystem::exists(base_.path() / "ml/code"));
}

}  // namespace
}  // namespace smlaunch
