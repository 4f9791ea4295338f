// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/code/code_source.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(ParseCodeSource, TakesBucketsPathsAndFiles) {
  const auto s3 = parse_code_source("s3://bucket/code.tar.gz", "/here");
  ASSERT_TRUE(s3);
  EXPECT_TRUE(s3->is_s3);
  EXPECT_EQ(s3->text, "s3://bucket/code.tar.gz");
  const std::pair<const char*, const char*> paths[] = {
      {"/opt/code", "/opt/code"},
      {"/opt/code/", "/opt/code"},
      {"code/../src", "/here/src"},
      {"file:///opt/a%20b.py", "/opt/a b.py"},
      {"file://localhost/opt/x", "/opt/x"},
      {"/", "/"},
      {"a:b/c", "/here/a:b/c"},
  };
  for (const auto& [text, path] : paths) {
    const auto source = parse_code_source(text, "/here");
    ASSERT_TRUE(source) << text;
    EXPECT_FALSE(source->is_s3);
    EXPECT_EQ(source->local.native(), path) << text;
  }
}

TEST(ParseCodeSource, RefusesTheRest) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "is empty"},
      {"https://host/code.tar.gz", "is of a kind that is not fetched"},
      {"S3://bucket/key", "is of a kind that is not fetched"},
      {"file://host/code", "names a file of another machine"},
      {"file://", "names a file of another machine"},
  };
  for (const auto& [text, what] : cases) {
    const auto source = parse_code_source(text, "/here");
    ASSERT_FALSE(source) << text;
    EXPECT_EQ(source.error().fault, Fault::configuration);
    EXPECT_EQ(source.error().problems.front().where, std::string("sagemaker_submit_directory ") + text);
    EXPECT_EQ(source.error().problems.front().what, what);
  }
}

}  // namespace
}  // namespace smlaunch
