// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/container_endpoint.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

constexpr const char* relative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
constexpr const char* full = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

TEST(ContainerEndpoint, IsOfThisMachineOrHttps) {
  EXPECT_EQ(container_endpoint({}), "");
  EXPECT_EQ(container_endpoint({{relative, "/v2/credentials/1"}}), "http://169.254.170.2/v2/credentials/1");
  EXPECT_EQ(container_endpoint({{relative, "/a"}, {full, "https://h"}}), "http://169.254.170.2/a");
  for (const char* url : {"https://anyone.example/a", "http://localhost/a", "http://127.0.0.1:51679/a",
                          "http://127.9.9.9", "http://[::1]:80/", "http://169.254.170.2/a",
                          "http://169.254.170.23/v1/credentials", "http://[fd00:ec2::23]/v1/credentials"})
    EXPECT_EQ(container_endpoint({{full, url}}), url);
}

TEST(ContainerEndpoint, IsNotAskedAcrossANetwork) {
  for (const char* url : {"http://169.254.169.254/a", "http://10.0.0.1/a", "http://localhost.example/a",
                          "http://127.0.0.1@example/a", "http://127.0.0.1.example/", "http://[fe80::1]/",
                          "ftp://localhost/a"}) {
    const auto refused = container_endpoint({{full, url}});
    ASSERT_FALSE(refused) << url;
    EXPECT_EQ(refused.error(), std::string("AWS_CONTAINER_CREDENTIALS_FULL_URI is ") + url +
                                   ", which is neither https nor of this machine");
  }
  EXPECT_EQ(container_endpoint({{relative, "@example/a"}}).error(),
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is @example/a, which does not begin with '/'");
}

}  // namespace
}  // namespace smlaunch
