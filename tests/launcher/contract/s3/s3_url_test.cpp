// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/s3_url.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(S3Url, IsBucketAndKey) {
  const std::vector<std::pair<std::string, S3Url>> cases{
      {"s3://bucket/a/b.tar.gz", {"bucket", "a/b.tar.gz"}},
      {"S3://bucket/a", {"bucket", "a"}},
      {"s3://bucket", {"bucket", ""}},
      {"s3://bucket/", {"bucket", ""}},
      {"s3://my.bucket-1_X//a//b/", {"my.bucket-1_X", "a//b/"}},
      {"s3://bucket/a?versionId=1#x", {"bucket", "a"}},
      {"s3://bucket/a b/%41ü", {"bucket", "a b/%41ü"}},
  };
  for (const auto& [text, url] : cases) {
    const auto parsed = parse_s3_url(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(*parsed, url) << text;
  }
  EXPECT_EQ(to_string(S3Url{"bucket", "a b"}), "s3://bucket/a b");
}

TEST(S3Url, IsRefusedWithTheText) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"/local/folder", "is no S3 URL"},
      {"file:///a", "is no S3 URL"},
      {"s3:/bucket", "is no S3 URL"},
      {"", "is no S3 URL"},
      {"s3://", "names no bucket"},
      {"s3:///key", "names no bucket"},
      {"s3://?x", "names no bucket"},
      {"s3://user@host/a", "its bucket has a character that no bucket has"},
      {"s3://a:80/a", "its bucket has a character that no bucket has"},
      {"s3://bücket/a", "its bucket has a character that no bucket has"},
  };
  for (const auto& [text, what] : cases) {
    const auto parsed = parse_s3_url(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error(), (Error{Fault::configuration, {{text, what, "write s3://BUCKET/KEY"}}})) << text;
  }
}

}  // namespace
}  // namespace smlaunch
