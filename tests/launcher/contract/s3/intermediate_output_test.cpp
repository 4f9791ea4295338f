// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/intermediate_output.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "tests/launcher/contract/s3/small_server.hpp"

namespace smlaunch {
namespace {

namespace fs = std::filesystem;
using Reply = SmallServer::Reply;
using Request = SmallServer::Request;

// Keeps what is put; `fault` may answer instead.
class IntermediateOutputTest : public testing::Test {
 protected:
  IntermediateOutputTest()
      : server_([this](const Request& request) {
          if (auto reply = fault_(request)) return *reply;
          objects_[request.target] = request.body;
          return Reply{};
        }) {
    std::string name = (fs::temp_directory_path() / "output-test-XXXXXX").string();
    base_ = ::mkdtemp(name.data());
    environment_.paths = make_paths(base_);
    environment_.job_name = "job";
    folder_ = environment_.paths.output_intermediate;
    set_location("s3://bucket");
  }
  ~IntermediateOutputTest() override { fs::remove_all(base_); }

  void set_location(const std::string& location) {
    environment_.sagemaker_hyperparameters.data = PyDict{{"sagemaker_s3_output", {location}}};
  }

  std::unique_ptr<IntermediateOutput> start() {
    const Variables variables{
        {"AWS_ACCESS_KEY_ID", "K"}, {"AWS_SECRET_ACCESS_KEY", "S"}, {"AWS_ENDPOINT_URL", server_.url()}};
    auto started = IntermediateOutput::start(environment_, variables, [this](const Problem& problem) {
      const std::lock_guard lock(mutex_);
      warnings_.push_back(problem.what);
    });
    EXPECT_TRUE(started);
    return started ? std::move(*started) : nullptr;
  }

  void write(const std::string& name, const std::string& content) const {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << content;
  }

  // The whole: all that was uploaded, by its name below the prefix.
  std::map<std::string, std::string> finish(IntermediateOutput& output) {
    output.end_input();
    while (!output.wait(std::chrono::milliseconds(100))) continue;
    summary_ = output.stop();
    std::map<std::string, std::string> found;
    for (const auto& [target, content] : objects_) {
      const std::string prefix = "/bucket/job/output/intermediate/";
      EXPECT_TRUE(target.starts_with(prefix)) << target;
      found[target.substr(prefix.size())] = content;
    }
    return found;
  }

  std::function<std::optional<Reply>(const Request&)> fault_ = [](const Request&) { return std::nullopt; };
  std::map<std::string, std::string> objects_;
  SmallServer server_;
  fs::path base_;
  fs::path folder_;
  Environment environment_;
  std::mutex mutex_;
  std::vector<std::string> warnings_;
  IntermediateSummary summary_;
};

using Objects = std::map<std::string, std::string>;

TEST_F(IntermediateOutputTest, UploadsWhatIsWrittenAnywhereBelow) {
  auto output = start();
  ASSERT_TRUE(output);
  write("a", "1");
  write("sub/folder/b", "2");
  fs::create_directories(base_ / "made");
  std::ofstream(base_ / "made" / "c") << "3";
  fs::rename(base_ / "made", folder_ / "moved");
  EXPECT_EQ(finish(*output), (Objects{{"a", "1"}, {"moved/c", "3"}, {"sub/folder/b", "2"}}));
  EXPECT_EQ(summary_.where, "s3://bucket/job/output/intermediate");
  EXPECT_TRUE(summary_.left.empty());
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(IntermediateOutputTest, UploadsTheLastContentAndWhatIsDeletedMeanwhile) {
  std::mutex gate;
  gate.lock();
  fault_ = [&](const Request&) -> std::optional<Reply> {
    const std::lock_guard lock(gate);  // the first upload takes until all is written
    return {};
  };
  auto output = start();
  write("first", "1");
  while (output->waiting() != 1) std::this_thread::yield();
  write("log", "old");
  write("gone", "still here");
  while (output->waiting() != 3) std::this_thread::yield();
  fs::remove(folder_ / "gone");
  write("log", "new");
  fs::rename(folder_ / "log", folder_ / "log.1");
  write("log", "newest");
  gate.unlock();
  EXPECT_EQ(finish(*output),
            (Objects{{"first", "1"}, {"gone", "still here"}, {"log", "newest"}, {"log.1", "new"}}));
}

TEST_F(IntermediateOutputTest, GoesOnWithAFolderOfItsOwnButNotWithAnothers) {
  auto output = start();
  ASSERT_TRUE(output);
  finish(*output);
  write("before", "1");
  output = start();
  ASSERT_TRUE(output);
  EXPECT_EQ(finish(*output), (Objects{{"before", "1"}}));
  fs::remove_all(folder_);
  fs::create_directories(folder_);
  EXPECT_FALSE(start());
}

TEST_F(IntermediateOutputTest, IsNoneForAFolderButMakesItAsTheToolkit) {
  set_location("file:///tmp/out");
  EXPECT_FALSE(start());
  EXPECT_TRUE(fs::is_directory(folder_));
  fs::remove_all(folder_);
  set_location("");
  EXPECT_FALSE(start());
  EXPECT_FALSE(fs::exists(folder_));
}

TEST_F(IntermediateOutputTest, SaysOnceWhatIsRefusedAndGoesOn) {
  fault_ = [](const Request& request) -> std::optional<Reply> {
    if (request.target.find("bad") == std::string::npos) return {};
    return Reply{403, {}, "<Error><Code>AccessDenied</Code></Error>"};
  };
  auto output = start();
  write("bad1", "1");
  write("bad2", "2");
  write("good", "3");
  EXPECT_EQ(finish(*output), (Objects{{"good", "3"}}));
  const std::string why =
      fmt::format("access denied at {} with the keys from the environment", server_.url());
  EXPECT_EQ(warnings_, std::vector<std::string>{why});
  const auto refused = [&](const char* file) {
    return NotUploaded{file,
                       S3Failure({Fault::start,
                                  {{fmt::format("s3://bucket/job/output/intermediate/{}", file), why,
                                    "allow s3:PutObject on it"}}},
                                 {.trouble = S3Trouble::refused, .status = 403, .code = "AccessDenied"})};
  };
  EXPECT_EQ(summary_.left, (std::vector<NotUploaded>{refused("bad1"), refused("bad2")}));
  EXPECT_EQ(summary_.count, 1U);
}

TEST_F(IntermediateOutputTest, SaysNothingOfAFileThatIsWrittenToAgainMeanwhile) {
  fault_ = [this, times = 0](const Request&) mutable -> std::optional<Reply> {
    if (++times > 1) return {};
    write("log", "longer than before");
    return Reply{400, {}, "<Error><Code>BadDigest</Code></Error>"};
  };
  auto output = start();
  write("log", "short");
  while (server_.seen().size() < 2) std::this_thread::yield();
  EXPECT_EQ(finish(*output), (Objects{{"log", "longer than before"}}));
  EXPECT_TRUE(warnings_.empty());
  EXPECT_TRUE(summary_.left.empty());
}

TEST_F(IntermediateOutputTest, EndsWithAnUploadUnderWay) {
  fault_ = [](const Request&) { return Reply{200, {}, "body", 0, true}; };
  auto output = start();
  write("a", "1");
  write("b", "2");
  output->end_input();
  EXPECT_FALSE(output->wait(std::chrono::milliseconds(0)));
  EXPECT_EQ(output->stop().left, (std::vector<NotUploaded>{{"a", std::nullopt}, {"b", std::nullopt}}));
  EXPECT_TRUE(warnings_.empty());
}

}  // namespace
}  // namespace smlaunch
