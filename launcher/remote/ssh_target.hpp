// SPDX-License-Identifier: Apache-2.0
// What ssh connects to for a host, which its configuration may call otherwise.
#pragma once

#include <string>
#include <string_view>

namespace smlaunch {

struct SshTarget {
  std::string host;  // a name or an address
  int port = 22;
  bool by_proxy = false;  // ProxyJump, ProxyCommand: nobody but ssh can connect
  bool operator==(const SshTarget&) const = default;
};

// The answer of `ssh -G`. What it does not say stays as in `otherwise`.
SshTarget parse_ssh_target(std::string_view answer, SshTarget otherwise);

// May this text of an ssh_config(5) send a login elsewhere? Asking ssh costs a process for each host.
bool may_redirect(std::string_view config);

// The same of this user's and this machine's files.
bool may_own_config_redirect();

}  // namespace smlaunch
