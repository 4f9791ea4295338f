// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/s3_endpoint.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(S3Endpoint, IsThatOfTheRegionUnlessOneIsNamed) {
  struct Case {
    std::string custom;
    S3Url object;
    std::string region;
    std::string url;
  };
  const std::vector<Case> cases{
      {"", {"bucket", "a/b"}, "eu-west-1", "https://bucket.s3.eu-west-1.amazonaws.com/a/b"},
      {"", {"bucket", "a"}, "cn-north-1", "https://bucket.s3.cn-north-1.amazonaws.com.cn/a"},
      {"", {"bucket", "a"}, "us-iso-east-1", "https://bucket.s3.us-iso-east-1.c2s.ic.gov/a"},
      {"", {"my.bucket", "a"}, "us-east-1", "https://s3.us-east-1.amazonaws.com/my.bucket/a"},
      {"", {"Old_Bucket", "a"}, "us-east-1", "https://s3.us-east-1.amazonaws.com/Old_Bucket/a"},
      {"", {"ab", "a"}, "us-east-1", "https://s3.us-east-1.amazonaws.com/ab/a"},
      {"",
       {"bucket", "a b/ü+=&?#%"},
       "us-east-1",
       "https://bucket.s3.us-east-1.amazonaws.com/a%20b/%C3%BC%2B%3D%26%3F%23%25"},
      {"http://10.0.0.1:9000", {"bucket", "a"}, "us-east-1", "http://10.0.0.1:9000/bucket/a"},
      {"https://host/s3", {"bucket", "a"}, "us-east-1", "https://host/s3/bucket/a"},
  };
  for (const Case& one : cases)
    EXPECT_EQ(object_url({one.custom, "nowhere"}, one.object, one.region), one.url);
}

TEST(S3Endpoint, IsAwsOwnWhereNoneIsNamedOrOneBelowItsDomains) {
  struct Case {
    std::string custom;
    bool is_aws;
  };
  const std::vector<Case> cases{
      {"", true},
      {"https://s3.eu-west-1.amazonaws.com", true},
      {"https://S3.EU-WEST-1.AMAZONAWS.COM:443", true},
      {"https://bucket.vpce-1a2b-us-east-1a.s3.us-east-1.vpce.amazonaws.com/path", true},
      {"https://s3.cn-north-1.amazonaws.com.cn", true},
      {"http://s3.amazonaws.com:8080", true},
      {"http://user@s3.amazonaws.com", true},
      {"http://127.0.0.1:9000", false},
      {"http://minio:9000/s3.amazonaws.com", false},
      {"http://s3.amazonaws.com@minio", false},
      {"https://s3.amazonaws.com.example.org", false},
      {"https://notamazonaws.com", false},
      {"nothing", false},
  };
  for (const Case& one : cases) EXPECT_EQ(is_aws({one.custom, "r"}), one.is_aws) << one.custom;
}

TEST(S3Endpoint, HasParametersEncodedAndSorted) {
  EXPECT_EQ(
      object_url({"http://h", ""}, {"b", ""}, "r", {{"prefix", "data/ü"}, {"list-type", "2"}, {"a", ""}}),
      "http://h/b/?a=&list-type=2&prefix=data%2F%C3%BC");
}

TEST(S3Endpoint, IsTakenFromVariables) {
  const auto endpoint = [](const Variables& variables) {
    const S3Endpoint read = read_s3_endpoint(variables);
    return read.custom + " " + read.region;
  };
  EXPECT_EQ(endpoint({}), " us-east-1");
  EXPECT_EQ(endpoint({{"AWS_DEFAULT_REGION", "a"}}), " a");
  EXPECT_EQ(endpoint({{"AWS_REGION", "b"}, {"AWS_DEFAULT_REGION", "a"}}), " b");
  EXPECT_EQ(endpoint({{"AWS_ENDPOINT_URL", "http://1/"}}), "http://1 us-east-1");
  EXPECT_EQ(endpoint({{"AWS_ENDPOINT_URL", "http://1"}, {"AWS_ENDPOINT_URL_S3", "http://2"}}),
            "http://2 us-east-1");
  EXPECT_EQ(endpoint({{"S3_ENDPOINT_URL", "http://3"}, {"AWS_ENDPOINT_URL_S3", "http://2"}}),
            "http://3 us-east-1");
  EXPECT_EQ(endpoint({{"S3_ENDPOINT_URL", ""}, {"AWS_ENDPOINT_URL_S3", "http://2"}}), "http://2 us-east-1");
}

}  // namespace
}  // namespace smlaunch
