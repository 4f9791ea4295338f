// SPDX-License-Identifier: Apache-2.0
// Policy: exit status 255 is ssh's own, and its stderr says why. Any other status is the remote command's,
// and the same words ("Permission denied") mean something else there. A failure is permanent only if no
// waiting cures it: a wrong key, a wrong program, a wrong version. Whatever a booting host may say heals
// with time.
#include "launcher/remote/ssh_failure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "launcher/remote/become_program.hpp"

namespace smlaunch {
namespace {

constexpr std::size_t longest_line = 160;

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string last_line(std::string_view text) {
  const auto lines = lines_of(text);
  return lines.empty() ? std::string() : to_plain_line(lines.back());
}

// "publickey,password" in "user@host: Permission denied (publickey,password)."
std::string denied_methods(std::string_view err) {
  const std::size_t start = err.rfind("Permission denied (");
  if (start == std::string_view::npos) return {};
  const std::size_t open = err.find('(', start);
  const std::size_t close = err.find(')', open);
  if (close == std::string_view::npos) return {};
  return to_plain_line(err.substr(open + 1, close - open - 1));
}

std::string line_with(std::string_view text, std::string_view part) {
  for (const std::string_view line : lines_of(text)) {
    if (contains(line, part)) return to_plain_line(line);
  }
  return {};
}

// Causes that heal with time, in ssh's words.
struct Passing {
  std::string_view words;
  ReadyStage stage;
  HostTrouble trouble;
  std::string_view remedy;
};
constexpr std::string_view start_sshd = "see that sshd runs there and listens on this port";
constexpr std::string_view check_network = "see that the host is up and that firewalls let this port through";
constexpr std::string_view look_at_sshd =
    "look at sshd's log there (MaxStartups? memory? the host going down?)";
constexpr std::array passing = {
    Passing{"Could not resolve hostname", ReadyStage::name, HostTrouble::name_unknown_to_ssh,
            "see that DNS or /etc/hosts of this machine knows the name"},
    Passing{"Connection refused", ReadyStage::tcp, HostTrouble::tcp_refused, start_sshd},
    Passing{"No route to host", ReadyStage::tcp, HostTrouble::tcp_unreachable, check_network},
    Passing{"Network is unreachable", ReadyStage::tcp, HostTrouble::tcp_unreachable, check_network},
    Passing{"timed out during banner exchange", ReadyStage::banner, HostTrouble::no_banner, look_at_sshd},
    Passing{"kex_exchange_identification", ReadyStage::banner, HostTrouble::closed_before_banner,
            look_at_sshd},
    Passing{"Connection timed out", ReadyStage::tcp, HostTrouble::tcp_without_answer, check_network},
    Passing{"Operation timed out", ReadyStage::tcp, HostTrouble::tcp_without_answer, check_network},
    Passing{"not responding", ReadyStage::login, HostTrouble::login_fell_silent, check_network},
    Passing{"System is booting up", ReadyStage::login, HostTrouble::host_is_booting,
            "wait; if it stays, look at its console"},
    Passing{"ssh_dispatch_run_fatal", ReadyStage::login, HostTrouble::key_exchange_broke, look_at_sshd},
    Passing{"Connection reset", ReadyStage::login, HostTrouble::connection_reset, look_at_sshd},
    Passing{"Broken pipe", ReadyStage::login, HostTrouble::connection_broke, look_at_sshd},
    Passing{"Connection closed", ReadyStage::login, HostTrouble::connection_closed, look_at_sshd},
    Passing{"closed by remote host", ReadyStage::login, HostTrouble::connection_closed, look_at_sshd},
};

std::string known_name(std::string_view host, int port) {
  return port == 22 ? std::string(host) : fmt::format("'[{}]:{}'", host, port);
}

SshFailure permanent_login(HostCause cause, std::string remedy) {
  return {
      .stage = ReadyStage::login, .cause = std::move(cause), .remedy = std::move(remedy), .permanent = true};
}

SshFailure parse_own_failure(std::string_view err, std::string_view host, int port) {
  if (contains(err, "REMOTE HOST IDENTIFICATION HAS CHANGED")) {
    return permanent_login(
        {.trouble = HostTrouble::host_key_changed},
        fmt::format("if the host was rebuilt: ssh-keygen -R {}, then make its new key known; if "
                    "not, find out who answers there",
                    known_name(host, port)));
  }
  if (contains(err, "Host key verification failed") || contains(err, "host key is known for")) {
    return permanent_login({.trouble = HostTrouble::host_key_unknown},
                           fmt::format("add its key to known_hosts (ssh-keyscan -p {} {}, checked), or set "
                                       "StrictHostKeyChecking accept-new in ssh_config",
                                       port, host));
  }
  if (contains(err, "Too many authentication failures")) {
    return permanent_login({.trouble = HostTrouble::too_many_keys},
                           "name the one key: IdentityFile and IdentitiesOnly yes in ssh_config");
  }
  if (contains(err, "UNPROTECTED PRIVATE KEY FILE") || contains(err, "bad permissions")) {
    return permanent_login({.trouble = HostTrouble::private_key_readable},
                           "chmod 600 the private key on this machine");
  }
  if (contains(err, "Permission denied")) {
    return permanent_login(
        {.trouble = HostTrouble::login_denied, .detail = denied_methods(err)},
        "put this user's public key into ~/.ssh/authorized_keys there, and see that its owner "
        "and mode are right");
  }
  if (contains(err, "Unable to negotiate")) {
    return permanent_login(
        {.trouble = HostTrouble::no_common_algorithm, .detail = line_with(err, "Unable to negotiate")},
        "use OpenSSH versions that fit each other, or set the algorithms in ssh_config");
  }
  for (const std::string_view words : {"Bad configuration option", "Bad owner or permissions",
                                       "bad configuration", "Bad port", "illegal option", "unknown option"}) {
    if (contains(err, words)) {
      return permanent_login({.trouble = HostTrouble::ssh_misconfigured, .detail = line_with(err, words)},
                             "correct ssh_config or the ssh options on this machine");
    }
  }
  for (const Passing& known : passing) {
    if (contains(err, known.words)) {
      return {.stage = known.stage,
              .cause = {.trouble = known.trouble, .detail = line_with(err, known.words)},
              .remedy = std::string(known.remedy)};
    }
  }
  const std::string line = last_line(err);
  return {.stage = ReadyStage::login,
          .cause = {.trouble = line.empty() ? HostTrouble::login_failed_silently : HostTrouble::login_failed,
                    .detail = line},
          .remedy = fmt::format("try by hand: ssh -p {} {} true", port, host)};
}

SshFailure permanent_smlaunch(HostCause cause, std::string remedy) {
  return {.stage = ReadyStage::smlaunch,
          .cause = std::move(cause),
          .remedy = std::move(remedy),
          .permanent = true};
}

}  // namespace

std::string to_plain_line(std::string_view text) {
  std::string plain;
  for (const char c : text.substr(0, longest_line)) {
    const auto byte = static_cast<unsigned char>(c);
    plain += byte < 0x20 || byte > 0x7e ? '?' : c;
  }
  if (text.size() > longest_line) plain.replace(longest_line - 3, 3, "...");
  return plain;
}

std::optional<LoginAnswer> parse_login_answer(std::string_view out, std::string_view version,
                                              std::size_t longest) {
  std::optional<LoginAnswer> other;
  for (const std::string_view line : lines_of(out)) {
    constexpr std::string_view name = "smlaunch ";
    if (!line.starts_with(name)) continue;
    const std::string_view found = line.substr(name.size());
    if (found.empty() || found.find(' ') != std::string_view::npos) continue;
    const auto start = static_cast<std::size_t>(line.data() - out.data());
    LoginAnswer answer{std::string(found), std::string(out.substr(start, longest))};
    if (found == version) return answer;
    // Another version counts only if ours does not follow: a greeting may mention other versions.
    if (!other) other = LoginAnswer{to_plain_line(found), std::move(answer.text)};
  }
  return other;
}

SshFailure parse_ssh_failure(const LoginEnd& end, std::string_view host, int port, std::string_view version) {
  if (!end.unknown.empty())
    return {.stage = ReadyStage::login,
            .cause = {.trouble = HostTrouble::ssh_end_unknown, .subject = end.unknown}};
  if (!end.exit_code) {
    return {.stage = ReadyStage::login,
            .cause = {.trouble = HostTrouble::ssh_killed, .code = end.signal},
            .remedy = "see who ends processes on this machine"};
  }
  const int code = *end.exit_code;
  const auto answer = parse_login_answer(end.out, version);
  if (answer && answer->version != version) {
    return permanent_smlaunch(
        {.trouble = HostTrouble::other_version, .subject = answer->version, .here = std::string(version)},
        "install the same version on every host");
  }
  if (code == 255) return parse_own_failure(end.err, host, port);

  const std::string said = last_line(end.err.empty() ? end.out : end.err);
  if (contains(end.err, "error while loading shared libraries")) {
    return permanent_smlaunch({.trouble = HostTrouble::smlaunch_cannot_start,
                               .detail = line_with(end.err, "error while loading shared libraries")},
                              "install the missing library there, or use the same image on every host");
  }
  if (const auto elsewhere = parse_program_elsewhere(end.err); elsewhere && !answer) {
    const std::string wanted = to_plain_line(elsewhere->wanted), found = to_plain_line(elsewhere->found);
    const std::string folder = wanted.substr(0, wanted.rfind('/'));
    return permanent_smlaunch(
        {.trouble = HostTrouble::smlaunch_elsewhere, .subject = found, .here = wanted},
        fmt::format("install it at the same path as here, or link it there: mkdir -p {0} && ln -s {1} {0}",
                    folder, found));
  }
  if (!answer && (code == 127 || contains(end.err, "No such file") || contains(end.err, "not found"))) {
    return permanent_smlaunch({.trouble = HostTrouble::smlaunch_missing, .detail = said},
                              fmt::format("install smlaunch {} there at the same path as here", version));
  }
  if (!answer && code == 126) {
    return permanent_smlaunch(
        {.trouble = HostTrouble::smlaunch_not_executable, .detail = said},
        "see its mode, its architecture, and whether its file system is mounted noexec");
  }
  if (!answer && contains(end.out + end.err, "account is currently not available")) {
    return permanent_login({.trouble = HostTrouble::no_login_shell, .detail = said},
                           "log in as a user with a shell");
  }
  if (!answer && code == 0) {
    return permanent_smlaunch(
        {.trouble = HostTrouble::other_answer, .detail = said},
        "see for a forced command (command= in authorized_keys) or a start-up file that ends the shell");
  }
  return {.stage = ReadyStage::smlaunch,
          .cause = {.trouble = HostTrouble::smlaunch_ended, .code = code, .detail = said},
          .remedy = "run smlaunch --version there by hand"};
}

}  // namespace smlaunch
