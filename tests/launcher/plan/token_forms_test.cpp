// SPDX-License-Identifier: Apache-2.0
#include "launcher/plan/token_forms.hpp"

#include <gtest/gtest.h>

#include <string>

namespace smlaunch {
namespace {

std::string without_tokens(std::string text) {
  const auto parts = find_token_forms(text);
  for (auto part = parts.rbegin(); part != parts.rend(); ++part)
    text.replace(part->begin, part->end - part->begin, "*");
  return text;
}

TEST(TokenForms, AreKnownWithoutAName) {
  const std::string random = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hJ6";
  const std::string jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";
  const std::pair<std::string, std::string> cases[] = {
      {"ghp_" + random, "*"},
      {"clone with gho_" + random + ", please", "clone with *, please"},
      {"github_pat_11ABCDEFG0abcdefghijkl_" + random, "*"},
      {"glpat-aB3dE6gH9jK2mN5p-Q8s", "*"},
      {"[hf_" + random + "]", "[*]"},
      {"xoxb-123456789012-1234567890123-" + random, "*"},
      {"sk-" + random + " sk-proj-" + random + "-x_y", "* *"},
      {"sk-ant-api03-" + random, "*"},
      {"AIza" + random, "*"},
      {jwt, "*"},
      {"a\\n" + jwt + "\\nb", "a\\n*\\nb"},
      {"-----BEGIN PRIVATE KEY-----\nMIIE\nvQ==\n-----END PRIVATE KEY-----\nrest", "*\nrest"},
      {"k: -----BEGIN OPENSSH PRIVATE KEY-----\\nb3Bl\\n-----END OPENSSH PRIVATE KEY-----", "k: *"},
      {"-----BEGIN ENCRYPTED PRIVATE KEY-----\nno end", "*"},
      {"-----BEGIN PGP PRIVATE KEY BLOCK-----\nx\n-----END PGP PRIVATE KEY BLOCK", "*"},
  };
  for (const auto& [text, hidden] : cases) EXPECT_EQ(without_tokens(text), hidden);
}

TEST(TokenForms, AreNotTheNamesThatBeginAlike) {
  for (const char* text : {"",
                           "g",
                           "-",
                           "ghp_",
                           "ghp_short1",
                           "aghp_aB3dE6gH9jK2mN5pQ8sT1vW4yZ7",
                           "hf_transfer_enabled_for_all_of_us_2",
                           "hf_onlyletterswithoutanydigitinthem",
                           "sk-learn-gradient-boosting-2",
                           "sk-resnet50-imagenet1k-run-17",
                           "task-aB3dE6gH9jK2mN5pQ8sT1vW4yZ7",
                           "xoxb-words-and-words",
                           "AKIAIOSFODNN7EXAMPLE",
                           "eyJhbGciOiJIUzI1NiJ9",
                           "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0",
                           "eyJhbGciOiJIUzI1NiJ9.e.f",
                           "eyJ",
                           "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----",
                           "-----BEGIN PUBLIC KEY-----\nMIIE\n-----END PUBLIC KEY-----",
                           "-----BEGIN ",
                           "ml.p4d.24xlarge,algo-1,sha256:0123456789abcdef0123456789abcdef"})
    EXPECT_EQ(without_tokens(text), text);
}

}  // namespace
}  // namespace smlaunch
