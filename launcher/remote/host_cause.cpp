// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/host_cause.hpp"

#include <fmt/format.h>

#include <cstring>

namespace smlaunch {

bool are_alike(const HostCause& a, const HostCause& b) {
  return a.trouble == b.trouble && a.code == b.code && a.subject == b.subject && a.here == b.here;
}

std::string render_in_short(const HostCause& cause) {
  switch (cause.trouble) {
    case HostTrouble::none: break;
    case HostTrouble::name_is_looked_up: return "name being looked up";
    case HostTrouble::tcp_connects: return "TCP connecting";
    case HostTrouble::banner_is_awaited: return "SSH banner awaited";
    case HostTrouble::login_waits_for_turn: return "SSH login waits for its turn";
    case HostTrouble::login_runs: return "SSH login under way";
    case HostTrouble::step_runs: return "srun's step there has not answered";
    case HostTrouble::code_is_prepared: return "its code is being prepared";
    case HostTrouble::smlaunch_not_come: return "its smlaunch has not come";
    case HostTrouble::name_unknown: return "name unknown";
    case HostTrouble::name_unknown_to_ssh: return "name unknown to ssh";
    case HostTrouble::tcp_refused: return "TCP refused";
    case HostTrouble::tcp_unreachable: return "TCP unreachable";
    case HostTrouble::tcp_without_answer: return "TCP without an answer";
    case HostTrouble::tcp_reset: return "TCP reset";
    case HostTrouble::tcp_failed: return fmt::format("TCP failed: {}", std::strerror(cause.code));
    case HostTrouble::no_banner: return "no SSH banner";
    case HostTrouble::closed_before_banner: return "SSH connection closed before a banner";
    case HostTrouble::reset_before_banner: return "SSH connection reset before a banner";
    case HostTrouble::broken_before_banner: return "SSH connection broken before a banner";
    case HostTrouble::ssh_not_run:
      return fmt::format("cannot run ssh on this machine: {}", std::strerror(cause.code));
    case HostTrouble::ssh_misconfigured: return "ssh on this machine is misconfigured";
    case HostTrouble::ssh_killed: return fmt::format("ssh was ended by signal {}", cause.code);
    case HostTrouble::ssh_end_unknown: return "ssh: " + cause.subject;
    case HostTrouble::host_key_changed: return "SSH host key changed";
    case HostTrouble::host_key_unknown: return "SSH host key not known";
    case HostTrouble::private_key_readable: return "SSH private key is readable by others";
    case HostTrouble::too_many_keys: return "SSH login denied: too many keys offered";
    case HostTrouble::no_common_algorithm: return "SSH found no common algorithm";
    case HostTrouble::key_exchange_broke: return "SSH key exchange broke";
    case HostTrouble::login_denied: return "SSH login denied";
    case HostTrouble::login_hangs: return "SSH login hangs";
    case HostTrouble::login_fell_silent: return "SSH login fell silent";
    case HostTrouble::login_failed: return "SSH login failed";
    case HostTrouble::login_failed_silently: return "SSH login failed without a word";
    case HostTrouble::connection_reset: return "SSH connection reset";
    case HostTrouble::connection_broke: return "SSH connection broke";
    case HostTrouble::connection_closed: return "SSH connection closed";
    case HostTrouble::host_is_booting: return "host is still booting";
    case HostTrouble::no_login_shell: return "the account there has no shell";
    case HostTrouble::step_failed: return cause.subject;
    case HostTrouble::step_silent: return "srun's step there has ended without an answer";
    case HostTrouble::smlaunch_missing: return "no smlaunch there";
    case HostTrouble::smlaunch_elsewhere:
      return fmt::format("no smlaunch at {} there, but at {}", cause.here, cause.subject);
    case HostTrouble::smlaunch_not_executable: return "smlaunch cannot be executed there";
    case HostTrouble::smlaunch_cannot_start: return "smlaunch cannot start there";
    case HostTrouble::worker_cannot_start: return "smlaunch cannot start there: " + cause.subject;
    case HostTrouble::smlaunch_silent: return "smlaunch does not answer there";
    case HostTrouble::smlaunch_ended:
      return fmt::format("smlaunch there ended with exit status {}", cause.code);
    case HostTrouble::other_version:
      return fmt::format("smlaunch {} there, {} here", cause.subject, cause.here);
    case HostTrouble::other_answer: return "something else than smlaunch answered";
    case HostTrouble::daemon_missing: return "Open MPI's daemon is not there beside the path of our mpirun";
    case HostTrouble::daemon_broken: return "Open MPI's daemon does not run there: it " + cause.subject;
    case HostTrouble::shell_not_understood:
      return fmt::format("the login shell there is {}, which does not understand what mpirun has it do",
                         cause.subject);
    case HostTrouble::other_shell:
      return fmt::format("the login shell there is {}, here {}, and mpirun takes it that they are alike",
                         cause.subject, cause.here);
    case HostTrouble::folder_not_writable:
      return cause.subject + " there, and Open MPI's daemon puts its files there";
    case HostTrouble::interface_unusable: return cause.subject + " there";
    case HostTrouble::code_failed: return cause.subject;
    case HostTrouble::code_silent: return "what prepares the code there gives no answer";
    case HostTrouble::cannot_wait: return "this machine cannot wait for hosts: " + cause.subject;
  }
  return {};
}

std::string to_string(const HostCause& cause) {
  std::string text = render_in_short(cause);
  if (!cause.detail.empty()) text += fmt::format(" ({})", cause.detail);
  return text;
}

}  // namespace smlaunch
