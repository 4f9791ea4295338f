// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/credential_answer_json.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(CredentialAnswer, HasKeysAndTheirEnd) {
  const auto parsed = parse_credential_answer(
      R"({"Code": "Success", "AccessKeyId": "A", "SecretAccessKey": "S", "Token": "T", "Expiration": "2026-11-25T10:00:00Z"})");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->access_key, "A");
  EXPECT_EQ(parsed->secret_key, "S");
  EXPECT_EQ(parsed->session_token, "T");
  EXPECT_EQ(parsed->expiry, std::chrono::system_clock::from_time_t(1795600800));
  const auto lasting = parse_credential_answer(R"({"AccessKeyId": "A", "SecretAccessKey": "S"})");
  ASSERT_TRUE(lasting);
  EXPECT_EQ(lasting->expiry, std::nullopt);
}

TEST(CredentialAnswer, SaysWhyItIsNone) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "its answer is no JSON object"},
      {"<html>", "its answer is no JSON object"},
      {"[]", "its answer is no JSON object"},
      {R"({"AccessKeyId": "A"})", "its answer has no AccessKeyId or no SecretAccessKey"},
      {R"({"AccessKeyId": "A", "SecretAccessKey": 7, "Code": "Success"})",
       "its answer has no AccessKeyId or no SecretAccessKey"},
      {R"({"Code": "AssumeRoleUnauthorizedAccess", "Message": "EC2 cannot"})",
       "it answers AssumeRoleUnauthorizedAccess: EC2 cannot"},
      {R"({"code": 1, "Code": "X"})", "it answers X"},
  };
  for (const auto& [text, why] : cases) EXPECT_EQ(parse_credential_answer(text).error(), why) << text;
}

}  // namespace
}  // namespace smlaunch
