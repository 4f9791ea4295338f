// SPDX-License-Identifier: Apache-2.0
// Policy: an option that the plan does not write may say anything (another user, another way), so it is left to ssh, with
// all that stands beside it.
#include "launcher/remote/ssh_words.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "base/host_name.hpp"

namespace smlaunch {

namespace {

constexpr std::string_view host_in_path = "%n";

bool is_of_plan(std::string_view setting) {
  return setting == "BatchMode=yes" || setting.starts_with("ConnectTimeout=");
}

// Nothing: the path holds something else of ssh's, or no name.
std::optional<std::string> path_of(std::string_view pattern, const std::string& host) {
  const std::size_t at = pattern.find('%');
  if (at == std::string_view::npos || !pattern.substr(at).starts_with(host_in_path)) return {};
  const std::string_view behind = pattern.substr(at + host_in_path.size());
  if (behind.find('%') != std::string_view::npos) return {};
  return fmt::format("{}{}{}", pattern.substr(0, at), host, behind);
}

}  // namespace

std::optional<SshWords> parse_ssh_words(const std::vector<std::string>& words) {
  constexpr std::string_view control_path = "ControlPath=";
  std::string_view pattern;
  std::size_t at = 0;
  for (; at + 1 < words.size() && (words[at] == "-o" || words[at] == "-p"); at += 2) {
    const std::string_view value = words[at + 1];
    if (words[at] == "-p" || is_of_plan(value)) continue;
    if (!value.starts_with(control_path) || !pattern.empty()) return {};
    pattern = value.substr(control_path.size());
  }
  // ssh takes options behind the host, too.
  if (at + 1 >= words.size() || words[at + 1].starts_with("-") || host_name_problem(words[at])) return {};
  const std::string& host = words[at];
  auto socket = path_of(pattern, host);
  if (!socket) return {};
  std::string command = words[at + 1];
  for (std::size_t i = at + 2; i < words.size(); ++i) command += " " + words[i];
  return SshWords{.host = host, .socket = std::move(*socket), .command = std::move(command)};
}

std::vector<std::string> make_ssh_words(const std::vector<std::string>& words, bool by_new_connection) {
  // mpirun adds -x only where its agent is called ssh.
  std::vector<std::string> argv = {"ssh", "-x"};
  // The first value counts.
  if (by_new_connection) argv.insert(argv.end(), {"-S", "none"});
  argv.insert(argv.end(), words.begin(), words.end());
  return argv;
}

}  // namespace smlaunch
