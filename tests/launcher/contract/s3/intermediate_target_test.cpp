// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/intermediate_target.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

Environment environment_of(const char* location, std::optional<std::string> job_name = "job") {
  Environment environment;
  environment.job_name = std::move(job_name);
  environment.sagemaker_hyperparameters.data = PyDict{{"sagemaker_s3_output", {std::string(location)}}};
  return environment;
}

TEST(IntermediateTarget, HasTheToolkitsKeys) {
  struct Case {
    const char* location;
    std::optional<std::string> job_name;
    const char* file;
    const char* object;
  };
  const std::vector<Case> cases{
      {"s3://b", "job", "a", "s3://b/job/output/intermediate/a"},
      {"s3://b/", "job", "a", "s3://b/job/output/intermediate/a"},
      {"s3://b/x/y", "job", "a/b", "s3://b/x/y/job/output/intermediate/a/b"},
      {"s3://b/x/", "job", "a", "s3://b/x/job/output/intermediate/a"},
      {"s3://b//x//", "job", "a", "s3://b/x//job/output/intermediate/a"},
      {"S3://b/x", "job", "a", "s3://b/x/job/output/intermediate/a"},
      {"s3://b/x", std::nullopt, "a", "s3://b/x/output/intermediate/a"},
      {"s3://b", std::nullopt, "a", "s3://b/output/intermediate/a"},
      {"s3://b", "", "a", "s3://b/output/intermediate/a"},
      {"s3://b/x", "/job", "a", "s3://b//job/output/intermediate/a"},
      {"s3://b/x?y#z", "job", "a", "s3://b/x/job/output/intermediate/a"},
  };
  for (const Case& one : cases) {
    const auto target = intermediate_target(environment_of(one.location, one.job_name));
    ASSERT_TRUE(target && *target) << one.location;
    EXPECT_EQ(to_string(object_of(**target, one.file)), one.object);
  }
}

TEST(IntermediateTarget, IsNoneWithoutALocationOrForAFolder) {
  for (const char* location : {"", "file:///tmp/out", "FILE:/tmp/out"}) {
    const auto target = intermediate_target(environment_of(location));
    ASSERT_TRUE(target) << location;
    EXPECT_FALSE(*target) << location;
  }
  EXPECT_FALSE(*intermediate_target(Environment{}));
}

TEST(IntermediateTarget, IsRefusedWhereItIsNeither) {
  const std::vector<std::pair<const char*, const char*>> cases{
      {"ftp://b/x", "\"ftp://b/x\" is no S3 URL"},
      {"/tmp/out", "\"/tmp/out\" is no S3 URL"},
      {"s3:///x", "\"s3:///x\" names no bucket"},
  };
  for (const auto& [location, what] : cases) {
    const auto target = intermediate_target(environment_of(location));
    ASSERT_FALSE(target) << location;
    EXPECT_EQ(
        target.error(),
        (Error{Fault::configuration,
               {{"hyperparameter sagemaker_s3_output", what, "write s3://BUCKET/PREFIX or file://FOLDER"}}}));
  }
}

}  // namespace
}  // namespace smlaunch
