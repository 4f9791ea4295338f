// SPDX-License-Identifier: Apache-2.0
#include "launcher/plan/redaction.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

using Strings = std::vector<std::string>;

TEST(LooksSecret, IsTrueOfNamesThatSaySo) {
  for (const char* name : {"AWS_SECRET_ACCESS_KEY",
                           "AWS_ACCESS_KEY_ID",
                           "AWS_SESSION_TOKEN",
                           "SM_HP_API_KEY",
                           "SM_HP_API-KEY",
                           "SM_HP_APIKEY",
                           "HF_TOKEN",
                           "WANDB_API_KEY",
                           "db.password",
                           "PASSWD",
                           "SM_HP_PASSPHRASE",
                           "clientSecret",
                           "authKey",
                           "accessKeyId",
                           "hfToken",
                           "CREDENTIALS",
                           "GOOGLE_APPLICATION_CREDENTIALS",
                           "MY_CREDS",
                           "SSH_PRIVATE_KEY",
                           "SSH_KEY_FILE",
                           "SM_HP_KEY",
                           "encryption_key",
                           "--api-key",
                           "SECRETS",
                           "passwords",
                           "mypassword",
                           "PGPASSWORD",
                           "pwd",
                           "SM_HP_PWD",
                           "auth",
                           "REDIS_AUTH",
                           "pass",
                           "DB_PASS",
                           "smtpPass",
                           "bearer",
                           "Authorization",
                           "credential"})
    EXPECT_TRUE(looks_secret(name)) << name;
}

TEST(LooksSecret, IsFalseOfNamesThatOnlySoundLikeIt) {
  for (const char* name : {"",
                           "SM_HP_MAX_TOKENS",
                           "SM_HP_TOKENIZER",
                           "tokenizer_name",
                           "TOKENS",
                           "KEY",
                           "KEYBOARD",
                           "MONKEY",
                           "SM_HP_KEY_DIM",
                           "num_key_value_heads",
                           "SM_HPS",
                           "SECRETARY",
                           "privately",
                           "author",
                           "authors",
                           "auth_type",
                           "n_passes",
                           "pass_through",
                           "compass",
                           "SM_HP_LR",
                           "key_padding",
                           "pass_rate",
                           "keys",
                           "keys_to_ignore",
                           "tokens_per_batch",
                           "PGPASSWD",
                           "PWD",
                           "OLDPWD",
                           "___",
                           "NCCL_DEBUG"})
    EXPECT_FALSE(looks_secret(name)) << name;
}

TEST(Redactor, HidesAVariableWithSuchANameWhateverItsLength) {
  const Redactor redactor(Variables{});
  EXPECT_EQ(redactor.variable("SM_HP_PASSWORD", "x"), "<redacted>");
  EXPECT_EQ(redactor.variable("SM_HP_PASSWORD", ""), "");
  EXPECT_EQ(redactor.variable("SM_HP_LR", "0.1"), "0.1");
}

TEST(Redactor, HidesShortSecretsAndThoseOfNestedKeysInJson) {
  const Redactor redactor(Variables{{"SM_HP_CONFIG", R"({"db": {"password": "nested-one"}})"}});
  EXPECT_EQ(redactor.variable("SM_HPS", R"({"lr":0.1,"token":"abc","x":[{"api_key":12}]})"),
            R"({"lr":0.1,"token":"<redacted>","x":[{"api_key":"<redacted>"}]})");
  EXPECT_EQ(redactor.variable("SM_USER_ARGS", R"(["--pwd","abc","--token=xy"])"),
            R"(["--pwd","<redacted>","--token=<redacted>"])");
  EXPECT_EQ(redactor.arguments({"train", "--config", R"({"password":"a"})"}),
            (Strings{"train", "--config", R"({"password":"<redacted>"})"}));
  EXPECT_EQ(redactor.text("nested-one"), "<redacted>");
  EXPECT_EQ(redactor.text(R"({"lr": 0.1})"), R"({"lr": 0.1})");
  EXPECT_EQ(redactor.text("{tokens: abc"), "{tokens: abc");
}

TEST(Redactor, HidesTheValueWhereverElseItStands) {
  const Redactor redactor(Variables{{"SM_HP_TOKEN", "hf_12345"}, {"SM_HP_LR", "0.1"}});
  EXPECT_EQ(redactor.variable("SM_HPS", R"({"lr":0.1,"token":"hf_12345"})"),
            R"({"lr":0.1,"token":"<redacted>"})");
  EXPECT_EQ(redactor.variable("SM_USER_ARGS", R"(["--lr","0.1","--token","hf_12345"])"),
            R"(["--lr","0.1","--token","<redacted>"])");
  EXPECT_EQ(redactor.text("hf_12345 and hf_12345"), "<redacted> and <redacted>");
  EXPECT_EQ(redactor.text("hf_1234"), "hf_1234");
}

TEST(Redactor, FindsTheValueAsJsonWritesIt) {
  const Redactor redactor(
      Variables{{"SM_HP_TOKEN", "quote\"back\\slash"}, {"SM_HP_PASSWORD", "gr\u00fc\u00dfe"}});
  EXPECT_EQ(redactor.text(R"({"token":"quote\"back\\slash"})"), R"({"token":"<redacted>"})");
  EXPECT_EQ(redactor.text(R"({"password":"gr\u00fc\u00dfe"})"), R"({"password":"<redacted>"})");
}

TEST(Redactor, HidesALongerSecretBeforeAShorterOneInsideIt) {
  const Redactor redactor(Variables{{"A_TOKEN", "secret"}, {"B_TOKEN", "secret-and-more"}});
  EXPECT_EQ(redactor.text("secret-and-more, secret"), "<redacted>, <redacted>");
}

TEST(Redactor, LeavesValuesTooShortToBeLookedFor) {
  const Redactor redactor(Variables{{"A_TOKEN", "12345"}, {"B_TOKEN", ""}});
  EXPECT_EQ(redactor.text("port 12345"), "port 12345");
}

TEST(Redactor, EndsWhereASecretStandsInItsOwnReplacement) {
  const Redactor redactor(Variables{{"A_TOKEN", "redacted"}});
  EXPECT_EQ(redactor.text("is redacted"), "is <redacted>");
}

TEST(Redactor, HidesWhatFollowsAnOptionWithSuchAName) {
  const std::pair<Strings, Strings> cases[] = {
      {{"--api-key", "abc", "--lr", "0.1"}, {"--api-key", "<redacted>", "--lr", "0.1"}},
      {{"--token=abc"}, {"--token=<redacted>"}},
      {{"--token="}, {"--token="}},
      {{"--use-auth-token", "--lr", "0.1"}, {"--use-auth-token", "--lr", "0.1"}},
      {{"--password", "-odd"}, {"--password", "<redacted>"}},
      {{"--max_tokens", "2048"}, {"--max_tokens", "2048"}},
      {{"token", "abc"}, {"token", "abc"}},
      {{"--token"}, {"--token"}},
      {{"--private", "-----BEGIN PRIVATE KEY-----\nx"}, {"--private", "<redacted>"}},
      {{"-mca", "btl_password", "pw", "-mca", "btl", "self"},
       {"-mca", "btl_password", "<redacted>", "-mca", "btl", "self"}},
      {{"mca", "token", "abc"}, {"mca", "token", "abc"}},
      {{"--cmd", "--api-key abc --lr 1"}, {"--cmd", "--api-key <redacted> --lr 1"}},
      {{"--yaml", "password: abc"}, {"--yaml", "password: <redacted>"}},
      {{"--tokenizer", "bert", "--author", "jane", "--keys", "a", "--pass_rate", "0.5"},
       {"--tokenizer", "bert", "--author", "jane", "--keys", "a", "--pass_rate", "0.5"}},
      {{"-x", "AWS_SECRET_ACCESS_KEY", "-x", "PATH"}, {"-x", "AWS_SECRET_ACCESS_KEY", "-x", "PATH"}},
  };
  for (const auto& [command, shown] : cases) EXPECT_EQ(Redactor(Variables{}).arguments(command), shown);
}

TEST(Redactor, HidesValuesOfJsonInsideValues) {
  const Redactor redactor(Variables{});
  EXPECT_EQ(redactor.text(R"({"cfg": "{\"db\": {\"password\": \"pw\"}, \"lr\": 1}", "lr": 2})"),
            R"({"cfg":"{\"db\":{\"password\":\"<redacted>\"},\"lr\":1}","lr":2})");
  EXPECT_EQ(redactor.text(R"(["{\"max_tokens\": 3}"])"), R"(["{\"max_tokens\": 3}"])");
}

TEST(Redactor, HidesAContainerWithSuchANameWhole) {
  const Redactor redactor(
      Variables{{"SM_HP_DB", R"({"credentials": {"region": "eu-west-1", "password": "hunter2x"}})"}});
  EXPECT_EQ(redactor.text(R"(["a", {"credentials": {"user": "u", "x": "y"}, "n": [1]}])"),
            R"(["a",{"credentials":"<redacted>","n":[1]}])");
  EXPECT_EQ(redactor.text(R"({"secrets": ["a"], "lr": 1})"), R"({"lr":1,"secrets":"<redacted>"})");
  EXPECT_EQ(redactor.text(R"({"keys": ["a"], "author": {"name": "x"}, "secrets": {}, "token": true})"),
            R"({"keys": ["a"], "author": {"name": "x"}, "secrets": {}, "token": true})");
  EXPECT_EQ(redactor.text("hunter2x in eu-west-1"), "<redacted> in eu-west-1");
}

TEST(Redactor, HidesAKeyOfSeveralLinesAsItIsAndAsJsonWritesIt) {
  const std::string key = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----";
  const Redactor redactor(Variables{{"SM_HP_PLAIN", key}, {"SM_HP_YAML", "a: 1\npassword: pw\n"}});
  EXPECT_EQ(redactor.variable("SM_HP_PLAIN", key), "<redacted>");
  EXPECT_EQ(redactor.variable("SM_HPS",
                              R"({"plain":"-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----"})"),
            R"({"plain":"<redacted>"})");
  EXPECT_EQ(redactor.variable("SM_HPS", R"({"yaml":"a: 1\npassword: pw\n"})"),
            R"({"yaml":"a: 1\npassword: <redacted>\n"})");
}

TEST(Redactor, HidesWhatANameBeforeAnEqualsSignCallsSecret) {
  const Redactor redactor(Variables{});
  EXPECT_EQ(redactor.arguments({"env", "MY_TOKEN=a b c", "LR=1", "-x", "DB_PASS=pw", "prog"}),
            (Strings{"env", "MY_TOKEN=<redacted>", "LR=1", "-x", "DB_PASS=<redacted>", "prog"}));
  EXPECT_EQ(redactor.text("your -x A=1 -x MY_TOKEN=abc replaces --api-key='a b'"),
            "your -x A=1 -x MY_TOKEN=<redacted> replaces --api-key='<redacted>'");
}

TEST(Redactor, FindsASecretOfAUrlWhereverElseItStands) {
  const Redactor redactor(Variables{{"DATABASE_URL", "postgres://me:hunter2x@db/x"}});
  EXPECT_EQ(redactor.variable("DATABASE_URL", "postgres://me:hunter2x@db/x"),
            "postgres://me:<redacted>@db/x");
  EXPECT_EQ(redactor.text("it is hunter2x"), "it is <redacted>");
}

TEST(FindSecretArguments, NamesTheWordsThatHoldOne) {
  EXPECT_EQ(find_secret_arguments({}, {"python3", "--", "train.py", "--api-key", "abc", "--lr", "0.1",
                                       "--pwd=x", "--url", "https://a:b@c/"}),
            (std::vector<std::size_t>{4, 7, 9}));
  EXPECT_TRUE(find_secret_arguments({}, {"python3", "--", "train.py", "--max_tokens", "7"}).empty());
}

TEST(FindSecretArguments, NamesWhatADryRunHides) {
  const std::string jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";
  const std::string key = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----";
  const Variables variables = {{"MY_TOKEN", "of-the-variable"}};
  const Strings words = {"train.py",
                         "--cmd",
                         "--api-key abc --lr 1",
                         "--yaml",
                         "password: abc",
                         "--jwt",
                         jwt,
                         "--private",
                         key,
                         "--plain",
                         key,
                         "--nested",
                         R"(["a",{"credentials":{"user":"u"}}])",
                         "--other",
                         "of-the-variable",
                         "--tokenizer",
                         "bert",
                         "--author",
                         "jane"};
  EXPECT_EQ(find_secret_arguments(variables, words), (std::vector<std::size_t>{2, 4, 6, 8, 10, 12, 14}));
  const Strings shown = Redactor(variables, words).arguments(words);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool is_hidden = i % 2 == 0 && i > 0 && i < 15;
    EXPECT_EQ(shown[i].find("<redacted>") != std::string::npos, is_hidden) << words[i];
  }
}

TEST(Redactor, HidesTheArgumentsSecretsInVariablesToo) {
  const Redactor redactor(Variables{}, {"train.py", "--token", "hf_12345", "--password=hunter2x"});
  EXPECT_EQ(redactor.variable("SM_USER_ARGS", R"(["--token","hf_12345","--password=hunter2x"])"),
            R"(["--token","<redacted>","--password=<redacted>"])");
}

}  // namespace
}  // namespace smlaunch
