// SPDX-License-Identifier: Apache-2.0
// What the end of one SSH login means: ready, a reason that may heal with time, or a reason that never will.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "launcher/remote/run_on_hosts.hpp"

namespace smlaunch {

struct LoginEnd {
  std::optional<int> exit_code;  // none: a signal ended it, or nobody knows
  int signal = 0;
  std::string out;
  std::string err;
  std::string unknown = {};  // why nobody knows how it ended
};

struct SshFailure {
  ReadyStage stage = ReadyStage::login;
  HostCause cause = {};
  std::string remedy = {};
  bool permanent = false;
};

// Why a login with this end is no success. `host` and `port` appear in the remedy's commands; `version` is
// our own.
SshFailure parse_ssh_failure(const LoginEnd& end, std::string_view host, int port, std::string_view version);

// The answer from the line "smlaunch VERSION" on. Start-up files of the remote shell may print lines before
// it.
struct LoginAnswer {
  std::string version;
  std::string text;  // at most `longest` bytes
};
std::optional<LoginAnswer> parse_login_answer(std::string_view out, std::string_view version,
                                              std::size_t longest = 4096);

// Foreign text as one line, fit for a terminal and for JSON: no control characters, at most 160 bytes.
std::string to_plain_line(std::string_view text);

}  // namespace smlaunch
