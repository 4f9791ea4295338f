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
      {"http://h/?u=https://a:b@c?sig=x&v=http://d:e@f?n=1&sig=y",
       "http://h/?u=https://a:*@c?sig=*&v=http://d:*@f?n=1&sig=*"},
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
      {"TOKEN=PASSWORD=\"a b\" TOKEN=x=y", "TOKEN=*\"*\" TOKEN=*"},
      {"Authorization: Basic dXNlcjpwdw==\nHost: h", "Authorization: *\nHost: h"},
      {"-H 'authorization: Bearer abcdefgh'", "-H 'authorization: *'"},
      {"{'lr': 1, 'password': 'a b', 'x': \"y\"}", "{'lr': 1, 'password': '*', 'x': \"y\"}"},
      {R"({'cfg': '{"db": {"api_key": "a\"b", "n": 1}}'})", R"({'cfg': '{"db": {"api_key": "*", "n": 1}}'})"},
      {R"("{\"pwd\": \"ab\", \"n\": 1}")", R"("{\"pwd\": \"*\", \"n\": 1}")"},
      {"'token': 'open", "'token': '*"},
      {"with Bearer abcdefgh.i-j_k", "with Bearer *"},
  };
  for (const auto& [text, hidden] : cases) EXPECT_EQ(shown(text), hidden);
}

TEST(SecretText, ShowsWhatFollowsAnOptionInsideOneText) {
  const std::pair<const char*, const char*> cases[] = {
      {"--api-key abc --lr 1", "--api-key * --lr 1"},
      {"train.py -password 'a b' x", "train.py -password '*' x"},
      {"[--token\tabc]", "[--token\t*"},
      {"'--api-key abc'", "'--api-key *'"},
      {"-x A -mca btl_password pw --mca db.token \"t t\"", "-x A -mca btl_password * --mca db.token \"*\""},
  };
  for (const auto& [text, hidden] : cases) EXPECT_EQ(shown(text), hidden);
}

TEST(SecretText, ShowsWhatASettingOfAFileSays) {
  const std::pair<const char*, const char*> cases[] = {
      {"password: abc", "password: *"},
      {"lr: 1\npassword: a b c  # mine\nn: 2\n", "lr: 1\npassword: *  # mine\nn: 2\n"},
      {"db:\n  - api_key: \"a b\"\n    n: 1\n", "db:\n  - api_key: \"*\"\n    n: 1\n"},
      {"{password: abc, n: 1}", "{password: *, n: 1}"},
      {"{n: 1, token: abc}", "{n: 1, token: *}"},
      {"'password: abc' and more", "'password: *' and more"},
      {"[db]\npassword = abc\nn = 1\n", "[db]\npassword = *\nn = 1\n"},
      {"secret = \"a b\"\n", "secret = \"*\"\n"},
      {"credentials:\n  user: u\n\n  x: y\nn: 1\n", "credentials:\n  *\nn: 1\n"},
      {"a:\n  private_key: |\n    MIIE\n    vQ==\n  n: 1\n", "a:\n  private_key: |\n    *\n  n: 1\n"},
      {"credentials: {user: u, x: [1, 2]}, n: 1", "credentials: *, n: 1"},
      {"{'credentials': {'user': 'u', 'x': ['y']}, 'n': 1}", "{'credentials': *, 'n': 1}"},
      {"{\"tokens\": 3, \"secrets\": [1, 2", "{\"tokens\": 3, \"secrets\": *"},
      {"pwd: 1234\r\nn: 1", "pwd: *\r\nn: 1"},
  };
  for (const auto& [text, hidden] : cases) EXPECT_EQ(shown(text), hidden);
}

TEST(SecretText, LeavesOrdinarySettings) {
  for (const char* text :
       {"tokenizer: bert\nmax_tokens: 7\npass_rate: 0.5\nauthor: jane\nkeys: [a, b]\n",
        "--tokenizer bert --max-tokens 7 --author jane --pass-rate 0.5 --keys a b",
        "{'tokenizer': 'bert', 'keys': ['a'], 'author': {'name': 'jane'}}",
        "use_auth_token: true\npad_token: null\nsecret: ~\ntoken:\nn: 1\n", "--use-auth-token --lr 1",
        "--token", "--token ", "a--token abc", "the wrong password: it was old", "password:abc",
        "token == other", "-mca btl tcp,self -mca", "-mca btl_password", "10:30 http://host", ":", "=",
        "password:", "password: |", "password: |\n"})
    EXPECT_EQ(shown(text), text);
}

TEST(SecretText, LeavesTheRest) {
  for (const char* text : {"",
                           "=",
                           "://",
                           "a=b",
                           "https://host:8080/path?x=1&page=2",
                           "ssh://git@host/x",
                           "the bearer of news",
                           "forbearer abcdefghij",
                           "lr=0.1 max_tokens=7",
                           "https://h/?<redacted>",
                           "TOKEN=<redacted>",
                           "TOKEN=",
                           "https://@host",
                           "mail me@host: yes",
                           "a?b=c",
                           "https://h?key",
                           "==TOKEN",
                           "{\"max_tokens\": \"7\"}",
                           "'token': 7",
                           "\":",
                           "'token':",
                           "a: b: 'c': 'd'",
                           "'token': ''"})
    EXPECT_EQ(shown(text), text);
}

}  // namespace
}  // namespace smlaunch
