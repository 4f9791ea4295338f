// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/upload_queue.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

constexpr FileStamp first{1, 10, 100};
constexpr FileStamp second{1, 10, 200};

const S3Failure refused({Fault::start, {{"s3://bucket/bad", "access denied", ""}}},
                        {.trouble = S3Trouble::refused, .status = 403, .code = "AccessDenied"});

std::string begun(UploadQueue& queue) { return queue.begin().value_or("nothing"); }

TEST(UploadQueue, GivesOneAfterTheOther) {
  UploadQueue queue;
  EXPECT_TRUE(queue.idle());
  EXPECT_TRUE(queue.closed("a", first));
  EXPECT_TRUE(queue.closed("b", first));
  EXPECT_EQ(begun(queue), "a");
  EXPECT_EQ(begun(queue), "nothing");  // one at a time
  queue.uploaded();
  EXPECT_EQ(begun(queue), "b");
  EXPECT_FALSE(queue.idle());
  queue.uploaded();
  EXPECT_TRUE(queue.idle());
  EXPECT_EQ(queue.count(), 2U);
  EXPECT_TRUE(queue.left().empty());
}

TEST(UploadQueue, KeepsAFilesPlaceThatIsClosedAgain) {
  UploadQueue queue;
  queue.closed("a", first);
  queue.closed("b", first);
  EXPECT_FALSE(queue.closed("a", second));
  EXPECT_EQ(begun(queue), "a");
  EXPECT_TRUE(queue.closed("a", second));  // while it is under way
  queue.uploaded();
  EXPECT_EQ(begun(queue), "b");
  queue.uploaded();
  EXPECT_EQ(begun(queue), "a");
}

TEST(UploadQueue, TakesAFoundFileOnlyForAnotherContent) {
  UploadQueue queue;
  EXPECT_TRUE(queue.found("a", first));
  EXPECT_FALSE(queue.found("a", first));
  EXPECT_EQ(begun(queue), "a");
  queue.uploaded();
  EXPECT_FALSE(queue.found("a", first));
  EXPECT_TRUE(queue.found("a", second));
  EXPECT_FALSE(queue.closed("a", second));
  EXPECT_EQ(begun(queue), "a");
  queue.uploaded();
  EXPECT_TRUE(queue.closed("a", second));  // whoever closes it may have written the same size in no time
}

TEST(UploadQueue, ForgetsWhatIsMovedAway) {
  UploadQueue queue;
  for (const char* file : {"a", "a.txt", "f/b", "f/g/c", "fa"}) queue.closed(file, first);
  queue.gone("a");
  queue.gone("f");
  EXPECT_EQ(begun(queue), "a.txt");
  queue.uploaded();
  EXPECT_EQ(begun(queue), "fa");
  queue.uploaded();
  EXPECT_TRUE(queue.idle());
  EXPECT_TRUE(queue.found("a", first));  // it comes back
}

TEST(UploadQueue, CountsNothingForWhatVanished) {
  UploadQueue queue;
  queue.closed("a", first);
  (void)queue.begin();
  queue.vanished();
  EXPECT_TRUE(queue.idle());
  EXPECT_EQ(queue.count(), 0U);
  EXPECT_TRUE(queue.left().empty());
}

TEST(UploadQueue, TriesWhatFailedAgainWhenOthersSucceedButNotForEver) {
  UploadQueue queue;
  const auto succeeds = [&] {
    queue.closed("good", first);
    EXPECT_EQ(begun(queue), "good");
    queue.uploaded();
  };
  queue.closed("bad", first);
  for (int attempt = 1; attempt <= 3; ++attempt) {
    EXPECT_EQ(begun(queue), "bad") << attempt;
    queue.failed(refused);
    EXPECT_TRUE(queue.idle());
    succeeds();
  }
  EXPECT_EQ(begun(queue), "nothing");
  EXPECT_EQ(queue.left(), (std::vector<NotUploaded>{{"bad", refused}}));
  queue.try_failed_again();
  EXPECT_EQ(begun(queue), "bad");
  queue.uploaded();
  EXPECT_TRUE(queue.left().empty());
}

TEST(UploadQueue, NamesWhatIsLeft) {
  UploadQueue queue;
  for (const char* file : {"failed", "under way", "waiting"}) queue.closed(file, first);
  (void)queue.begin();
  queue.failed(refused);
  (void)queue.begin();
  EXPECT_EQ(queue.left(), (std::vector<NotUploaded>{
                              {"failed", refused}, {"under way", std::nullopt}, {"waiting", std::nullopt}}));
  EXPECT_TRUE(queue.closed("failed", second));
  EXPECT_EQ(queue.left().front(), (NotUploaded{"failed", std::nullopt}));
}

TEST(UploadQueue, GivesNoReasonForWhatWasCancelled) {
  UploadQueue queue;
  queue.closed("a", first);
  (void)queue.begin();
  queue.cancelled();
  EXPECT_EQ(queue.left(), (std::vector<NotUploaded>{{"a", std::nullopt}}));
}

}  // namespace
}  // namespace smlaunch
