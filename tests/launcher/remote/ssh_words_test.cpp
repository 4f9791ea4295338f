// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/ssh_words.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smlaunch {
namespace {

using Words = std::vector<std::string>;
using testing::ElementsAre;

Words with(const Words& options, const Words& behind) {
  Words words = {"-o", "BatchMode=yes", "-o", "ConnectTimeout=10"};
  words.insert(words.end(), options.begin(), options.end());
  words.insert(words.end(), behind.begin(), behind.end());
  return words;
}
const Words path = {"-o", "ControlPath=/tmp/x/ssh-%n"};

TEST(SshWords, NameTheHostItsSocketAndTheCommand) {
  const SshWords expected = {
      .host = "algo-2", .socket = "/tmp/x/ssh-algo-2", .command = "orted -mca ess \"env\""};
  EXPECT_EQ(parse_ssh_words(with(path, {"algo-2", "orted", "-mca", "ess", "\"env\""})), expected);
  EXPECT_EQ(parse_ssh_words(with({"-p", "2222", "-o", "ControlPath=/tmp/x/ssh-%n"},
                                 {"algo-2", "orted -mca ess \"env\""})),
            expected);
  EXPECT_EQ(parse_ssh_words(with({"-o", "ControlPath=SMLAUNCH_SSH_FOLDER/%n.s"}, {"a.b", "true"})),
            (SshWords{.host = "a.b", .socket = "SMLAUNCH_SSH_FOLDER/a.b.s", .command = "true"}));
}

TEST(SshWords, AreLeftToSshWhereTheyMaySaySomethingElse) {
  const Words cases[] = {
      {},
      {"algo-2", "true"},
      with({}, {"algo-2", "true"}),
      with(path, {}),
      with(path, {"algo-2"}),
      with(path, {"algo-2", "-l", "me", "true"}),
      with(path, {"-l", "me", "algo-2", "true"}),
      with(path, {"me@algo-2", "true"}),
      with(path, {"ssh://algo-2", "true"}),
      with(path, {"..", "true"}),
      with(path, {"--", "algo-2", "true"}),
      with({"-o", "ControlPath=/tmp/x/ssh-%C"}, {"algo-2", "true"}),
      with({"-o", "ControlPath=/tmp/%u/ssh-%n"}, {"algo-2", "true"}),
      with({"-o", "ControlPath=/tmp/x/%n-%C"}, {"algo-2", "true"}),
      with({"-o", "ControlPath=/tmp/x/%"}, {"algo-2", "true"}),
      with({"-o", "ControlPath=/tmp/x/ssh"}, {"algo-2", "true"}),
      with({"-o", "ControlPath=none", "-o", "ControlPath=/tmp/x/ssh-%n"}, {"algo-2", "true"}),
      with({"-o", "User=me", "-o", "ControlPath=/tmp/x/ssh-%n"}, {"algo-2", "true"}),
      with({"-i", "key", "-o", "ControlPath=/tmp/x/ssh-%n"}, {"algo-2", "true"}),
      {"-o"}};
  for (const Words& words : cases)
    EXPECT_EQ(parse_ssh_words(words), std::nullopt) << testing::PrintToString(words);
}

TEST(SshWords, GoToSshAsTheyAre) {
  EXPECT_THAT(make_ssh_words({"-p", "22", "algo-2", "true"}, false),
              ElementsAre("ssh", "-x", "-p", "22", "algo-2", "true"));
  EXPECT_THAT(make_ssh_words({"algo-2", "true"}, true),
              ElementsAre("ssh", "-x", "-S", "none", "algo-2", "true"))
      << "ssh would try the same connection first";
}

}  // namespace
}  // namespace smlaunch
