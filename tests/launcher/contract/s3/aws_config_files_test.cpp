// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/aws_config_files.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(AwsConfigFiles, HaveSections) {
  const std::string text =
      "# a comment\n"
      "[default]\r\n"
      "aws_access_key_id = A\r\n"
      "aws_secret_access_key=B=/+\n"
      "; another\n"
      "s3 =\n"
      "  max_concurrent_requests = 20\n"
      "region = eu-west-1\n"
      "no value\n"
      "[ profile other ]\n"
      "region = us-west-2";
  EXPECT_EQ(parse_aws_section(text, "default"), (AwsProfile{{"aws_access_key_id", "A"},
                                                            {"aws_secret_access_key", "B=/+"},
                                                            {"s3", ""},
                                                            {"region", "eu-west-1"}}));
  EXPECT_EQ(parse_aws_section(text, "profile other"), (AwsProfile{{"region", "us-west-2"}}));
  EXPECT_EQ(parse_aws_section(text, "other"), AwsProfile{});
  EXPECT_EQ(parse_aws_section("[broken\na=b", "broken"), (AwsProfile{{"a", "b"}}));
}

TEST(AwsConfigFiles, LieWhereTheVariablesSay) {
  const auto files = [](const Variables& variables) {
    const AwsFiles found = aws_files(variables);
    return found.profile + " " + found.credentials.string() + " " + found.config.string();
  };
  EXPECT_EQ(files({}), "default  ");
  EXPECT_EQ(files({{"HOME", "/h"}}), "default /h/.aws/credentials /h/.aws/config");
  EXPECT_EQ(
      files({{"HOME", "/h"}, {"AWS_PROFILE", "p"}, {"AWS_DEFAULT_PROFILE", "d"}, {"AWS_CONFIG_FILE", "~/c"}}),
      "p /h/.aws/credentials /h/c");
  EXPECT_EQ(files({{"AWS_SHARED_CREDENTIALS_FILE", "/x"}, {"AWS_DEFAULT_PROFILE", "d"}}), "d /x ");
}

}  // namespace
}  // namespace smlaunch
