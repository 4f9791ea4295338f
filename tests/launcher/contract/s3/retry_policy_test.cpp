// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/retry_policy.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

using std::chrono::milliseconds;

TEST(RetryPolicy, RepeatsWhatMayPass) {
  for (const int status : {408, 429, 500, 502, 503, 504}) EXPECT_TRUE(may_pass(status, "")) << status;
  for (const int status : {200, 206, 301, 400, 401, 403, 404, 412, 416, 501})
    EXPECT_FALSE(may_pass(status, "")) << status;
  for (const char* code : {"SlowDown", "RequestTimeout", "InternalError", "ThrottlingException"})
    EXPECT_TRUE(may_pass(400, code)) << code;
  for (const char* code : {"BadDigest", "AccessDenied", "NoSuchKey"})
    EXPECT_FALSE(may_pass(400, code)) << code;
}

TEST(RetryPolicy, WaitsTwiceAsLongEachTime) {
  const RetryPolicy policy{6, milliseconds(100), milliseconds(700)};
  const std::vector<std::pair<int, long>> longest{{2, 100}, {3, 200}, {4, 400}, {5, 700}, {6, 700}};
  for (const auto& [next, delay] : longest) {
    EXPECT_EQ(delay_before(next, policy, 1), milliseconds(delay)) << next;
    EXPECT_EQ(delay_before(next, policy, 0.5), milliseconds(delay / 2)) << next;
  }
  EXPECT_EQ(delay_before(7, policy, 1), std::nullopt);
  EXPECT_EQ(delay_before(2, {.attempts = 1}, 1), std::nullopt);
}

TEST(RetryPolicy, WaitsAsTheServerAsksButNotForEver) {
  const RetryPolicy policy{5, milliseconds(100), milliseconds(5000)};
  EXPECT_EQ(delay_before(2, policy, 1, std::chrono::seconds(2)), milliseconds(2000));
  EXPECT_EQ(delay_before(2, policy, 1, std::chrono::seconds(3600)), milliseconds(5000));
}

}  // namespace
}  // namespace smlaunch
