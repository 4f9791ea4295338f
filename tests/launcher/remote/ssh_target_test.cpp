// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/ssh_target.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(SshTarget, IsWhatSshSaysItConnectsTo) {
  const SshTarget given{"node", 22, false};
  EXPECT_EQ(parse_ssh_target("user me\nhostname 10.0.0.7\nport 2222\nproxycommand none\n", given),
            (SshTarget{"10.0.0.7", 2222, false}));
  EXPECT_EQ(parse_ssh_target("hostname node\nport 22\nproxyjump bastion\n", given),
            (SshTarget{"node", 22, true}));
  EXPECT_TRUE(parse_ssh_target("ProxyCommand nc %h %p\r\n", given).by_proxy);
  for (const char* nothing :
       {"", "\n\n", "hostname\nport\n", "port x\nport 0\nport 70000\n", "proxyjump none\n"})
    EXPECT_EQ(parse_ssh_target(nothing, given), given) << nothing;
}

TEST(SshTarget, IsAskedForOnlyWhereAConfigurationMaySendALoginElsewhere) {
  for (const char* text : {"Host a\n  HostName 10.0.0.1\n", "port=2222", "\tProxyJump bastion\n",
                           "PROXYCOMMAND x", "Include ~/.ssh/more\n", "CanonicalizeHostname yes\n"})
    EXPECT_TRUE(may_redirect(text)) << text;
  for (const char* text : {"", "# HostName 10.0.0.1\n", "Host *\n  User me\n  StrictHostKeyChecking no\n",
                           "Include /etc/ssh/ssh_config.d/*.conf\nHost *\n    SendEnv LANG LC_*\n"})
    EXPECT_FALSE(may_redirect(text)) << text;
}

}  // namespace
}  // namespace smlaunch
