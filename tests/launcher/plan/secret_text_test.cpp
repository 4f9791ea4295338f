// SPDX-License-Identifier: Apache-2.0
#include "launcher/plan/secret_text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace smlaunch {
namespace {

std::string shown(std::string text) {
  const auto parts = find_secrets_in_text(text);
  for (auto part = parts.rbegin(); part != parts.rend(); ++part)
    text.replace(part->begin, part->end - part->begin, "*");
  return text;
}

TEST(SecretText, ShowsPasswordsAndSignaturesOfUrls) {
  const std::pair<const char*, const char*> cases[] = {
      {"https://me:pw@host/x", "https://me:*@host/x"},
      {"see postgres://me:p@w@host:5432/db now", "see postgres://me:*@host:5432/db now"},
      {"https://ghp_token@github.com/a/b.git", "https://*@github.com/a/b.git"},
      {"s3://b/k?X-Amz-Signature=abc&X-Amz-Date=1&X-Amz-Security-Token=t",
       "s3://b/k?X-Amz-Signature=*&X-Amz-Date=1&X-Amz-Security-Token=*"},
      {"\"https://h/?sv=1&sig=a%2Fb\"", "\"https://h/?sv=1&sig=*\""},
      {"http://h/?key=AIza#frag", "http://h/?key=*#frag"},
      {"{\"u\": \"redis://:pw@h\", \"v\": \"amqp://a:b@c\"}",
       "{\"u\": \"redis://:*@h\", \"v\": \"amqp://a:*@c\"}"},
  };
  for (const auto& [text, hidden] : cases) EXPECT_EQ(shown(text), hidden);
}

TEST(SecretText, ShowsWhatANameOrAHeaderSays) {
  const std::pair<const char*, const char*> cases[] = {
      {"MY_TOKEN=abc rest", "MY_TOKEN=* rest"},
      {"--api-key=abc,def", "--api-key=*"},
      {"x PASSWORD=\"a b\" y", "x PASSWORD=\"*\" y"},
      {"PASSWORD='open", "PASSWORD='*"},
      {"Authorization: Basic dXNlcjpwdw==\nHost: h", "Authorization: *\nHost: h"},
      {"-H 'authorization: Bearer abcdefgh'", "-H 'authorization: *'"},
      {"with Bearer abcdefgh.i-j_k", "with Bearer *"},
  };
  for (const auto& [text, hidden] : cases) EXPECT_EQ(shown(text), hidden);
}

TEST(SecretText, LeavesTheRest) {
  for (const char* text :
       {"", "=", "://", "a=b", "https://host:8080/path?x=1&page=2", "ssh://git@host/x", "the bearer of news",
        "forbearer abcdefghij", "lr=0.1 max_tokens=7", "https://h/?<redacted>", "TOKEN=<redacted>",
        "TOKEN=", "https://@host", "mail me@host: yes", "a?b=c", "https://h?key", "==TOKEN"})
    EXPECT_EQ(shown(text), text);
}

}  // namespace
}  // namespace smlaunch
