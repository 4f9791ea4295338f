// SPDX-License-Identifier: Apache-2.0
// Why a host is not ready, as a value. Waits and tables compare these fields; the sentence is made last, for
// people.
#pragma once

#include <string>

namespace smlaunch {

enum class HostTrouble {
  none,
  // Nothing is wrong so far.
  name_is_looked_up,
  tcp_connects,
  banner_is_awaited,
  login_waits_for_turn,
  login_runs,
  step_runs,
  code_is_prepared,
  smlaunch_not_come,  // by itself, where hosts start themselves
  // The way to the host.
  name_unknown,
  name_unknown_to_ssh,
  tcp_refused,
  tcp_unreachable,
  tcp_without_answer,
  tcp_reset,
  tcp_failed,
  no_banner,
  closed_before_banner,
  reset_before_banner,
  broken_before_banner,
  // The login.
  ssh_not_run,
  ssh_misconfigured,
  ssh_killed,
  ssh_end_unknown,
  host_key_changed,
  host_key_unknown,
  private_key_readable,
  too_many_keys,
  no_common_algorithm,
  key_exchange_broke,
  login_denied,
  login_hangs,
  login_fell_silent,
  login_failed,
  login_failed_silently,
  connection_reset,
  connection_broke,
  connection_closed,
  host_is_booting,
  no_login_shell,
  step_failed,
  step_silent,
  // What is there.
  smlaunch_missing,
  smlaunch_elsewhere,
  smlaunch_not_executable,
  smlaunch_cannot_start,
  worker_cannot_start,
  smlaunch_silent,
  smlaunch_ended,
  other_version,
  other_answer,
  daemon_missing,
  daemon_broken,
  shell_not_understood,
  other_shell,
  folder_not_writable,
  interface_unusable,
  code_failed,
  code_silent,
  cannot_wait,
};

struct HostCause {
  HostTrouble trouble = HostTrouble::none;
  int code = 0;  // errno, an exit status or a signal's number, where the trouble has one
  std::string subject =
      {};  // what the sentence names: a version, a shell, an interface, another program's words
  std::string here = {};    // what this machine has instead
  std::string detail = {};  // of this host alone: its address, or the line that ssh printed
  bool operator==(const HostCause&) const = default;
};

// True: they differ at most in the detail.
bool are_alike(const HostCause& a, const HostCause& b);

// "TCP refused"; empty without a trouble.
std::string render_in_short(const HostCause& cause);

// The same with the detail: "TCP refused (10.0.0.7 port 22)".
std::string to_string(const HostCause& cause);

}  // namespace smlaunch
