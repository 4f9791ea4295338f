// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/login_answers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace smlaunch {

namespace {

constexpr std::string_view worker_line = "worker";
constexpr std::string_view no_worker_line = "no worker";
constexpr std::string_view no_daemon_line = "no daemon";
constexpr std::string_view shell_key = "shell: ";
constexpr std::string_view daemon_key = "daemon: ";
constexpr std::string_view folder_key = "folder: ";
constexpr std::string_view token_key = "token: ";
constexpr std::string_view noexec_key = "noexec: ";
constexpr std::string_view domain_key = "nvlink domain: ";
// "interface: 0|is down|eth1, eth2"
constexpr std::string_view interface_key = "interface: ";

std::optional<InterfaceAnswer> parse_interface(std::string_view rest) {
  InterfaceAnswer answer;
  const auto [number_end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), answer.wanted);
  const auto first = static_cast<std::size_t>(number_end - rest.data());
  if (error != std::errc() || first >= rest.size() || rest[first] != '|') return {};
  const std::size_t second = std::min(rest.find('|', first + 1), rest.size());
  answer.problem = rest.substr(first + 1, second - first - 1);
  answer.usable = rest.substr(std::min(second + 1, rest.size()));
  return answer;
}

std::string_view take_first_line(std::string_view& lines) {
  const std::size_t end = std::min(lines.find('\n'), lines.size());
  std::string_view line = lines.substr(0, end);
  while (line.ends_with('\r')) line.remove_suffix(1);
  lines.remove_prefix(std::min(end + 1, lines.size()));
  return line;
}

void take_line(std::string_view line, LoginAnswers& answers) {
  if (line == no_worker_line) answers.lacks_worker = true;
  if (line == no_daemon_line) answers.lacks_daemon = true;
  const auto take = [&](std::string_view key, std::string& answer) {
    if (line.starts_with(key) && answer.empty()) answer = line.substr(key.size());
  };
  take(shell_key, answers.shell);
  const auto take_problem = [&](std::string_view key, std::optional<std::string>& problem) {
    if (line.starts_with(key) && !problem) problem = line.substr(key.size());
  };
  take_problem(daemon_key, answers.daemon_problem);
  take_problem(folder_key, answers.folder_problem);
  take_problem(token_key, answers.token_problem);
  take(noexec_key, answers.noexec_folder);
  take(domain_key, answers.nvlink_domain);
  if (!line.starts_with(interface_key)) return;
  if (auto answer = parse_interface(line.substr(interface_key.size())))
    answers.interfaces.push_back(std::move(*answer));
}

}  // namespace

std::string render_login_answers(const LoginAnswers& answers) {
  std::string lines;
  for (const InterfaceAnswer& each : answers.interfaces)
    lines += fmt::format("{}{}|{}|{}\n", interface_key, each.wanted, each.problem, each.usable);
  lines += fmt::format("{}\n", answers.lacks_worker ? no_worker_line : worker_line);
  if (answers.lacks_daemon) lines += fmt::format("{}\n", no_daemon_line);
  const auto add = [&](std::string_view key, const std::string& answer) {
    if (!answer.empty()) lines += fmt::format("{}{}\n", key, answer);
  };
  add(shell_key, answers.shell);
  if (answers.daemon_problem) lines += fmt::format("{}{}\n", daemon_key, *answers.daemon_problem);
  if (answers.folder_problem) lines += fmt::format("{}{}\n", folder_key, *answers.folder_problem);
  if (answers.token_problem) lines += fmt::format("{}{}\n", token_key, *answers.token_problem);
  add(noexec_key, answers.noexec_folder);
  add(domain_key, answers.nvlink_domain);
  return lines;
}

std::optional<std::string> line_of_answer(std::string_view lines, std::string_view begin) {
  while (!lines.empty()) {
    const std::string_view line = take_first_line(lines);
    if (line.starts_with(begin)) return std::string(line.substr(begin.size()));
  }
  return {};
}

LoginAnswers parse_login_answers(std::string_view lines) {
  LoginAnswers answers;
  while (!lines.empty()) take_line(take_first_line(lines), answers);
  return answers;
}

}  // namespace smlaunch
