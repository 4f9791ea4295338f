// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/ssh_target.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/read_file.hpp"

namespace smlaunch {

namespace {

constexpr std::size_t longest_config = 1 << 20;

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

// Calls `take` with each line's first word in lower case, and the rest.
template <class Take>
void for_each_setting(std::string_view text, const Take& take) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    const std::size_t word = std::min(line.find_first_of(" \t="), line.size());
    const std::size_t rest = std::min(line.find_first_not_of(" \t=", word), line.size());
    if (word > 0) take(lower(line.substr(0, word)), line.substr(rest));
  }
}

bool may_file_redirect(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) return false;
  const auto text = read_given_file(file.string(), longest_config);
  return !text || may_redirect(*text);
}

}  // namespace

SshTarget parse_ssh_target(std::string_view answer, SshTarget otherwise) {
  SshTarget target = std::move(otherwise);
  for_each_setting(answer, [&](const std::string& key, std::string_view value) {
    if (key == "hostname" && !value.empty()) target.host = value;
    if (key == "port") {
      int port = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), port);
      if (error == std::errc() && port > 0 && port < 65536) target.port = port;
    }
    if ((key == "proxyjump" || key == "proxycommand") && lower(value) != "none") target.by_proxy = true;
  });
  return target;
}

bool may_redirect(std::string_view config) {
  bool may = false;
  for_each_setting(config, [&](const std::string& key, std::string_view value) {
    constexpr std::array<std::string_view, 5> redirecting = {"hostname", "port", "proxyjump", "proxycommand",
                                                             "canonicalizehostname"};
    may |= std::find(redirecting.begin(), redirecting.end(), key) != redirecting.end();
    // What Debian and Fedora include is looked at beside it.
    may |= key == "include" && !value.starts_with("/etc/ssh/ssh_config.d/");
  });
  return may;
}

bool may_own_config_redirect() {
  const char* home = std::getenv("HOME");
  if (home != nullptr && may_file_redirect(std::filesystem::path(home) / ".ssh/config")) return true;
  if (may_file_redirect("/etc/ssh/ssh_config")) return true;
  std::error_code error;
  for (std::filesystem::directory_iterator file("/etc/ssh/ssh_config.d", error), end; !error && file != end;
       file.increment(error))
    if (may_file_redirect(file->path())) return true;
  return false;
}

}  // namespace smlaunch
