// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/daemon_needs.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "launcher/process/child_process.hpp"

namespace smlaunch {

namespace {

enum class Language { posix, csh, other };

// Nothing: a shell that is not known here.
std::optional<Language> language_of(std::string_view shell) {
  constexpr std::array<std::string_view, 9> posix = {"sh",  "bash", "dash",  "ash",    "ksh",
                                                     "zsh", "mksh", "rbash", "busybox"};
  constexpr std::array<std::string_view, 7> others = {"fish", "nu", "xonsh", "elvish", "pwsh", "rc", "es"};
  const auto among = [&](const auto& list) {
    return std::find(list.begin(), list.end(), shell) != list.end();
  };
  if (among(posix)) return Language::posix;
  if (shell == "csh" || shell == "tcsh") return Language::csh;
  if (among(others)) return Language::other;
  return {};
}

// mpirun's daemon writes more than this; a folder without so much room counts as full.
constexpr std::size_t tried_bytes = 64 << 10;
// It prints its options in some milliseconds.
constexpr int daemon_bound_milliseconds = 10000;
constexpr std::size_t most_words = 300;

std::string temporary_folder() {
  for (const char* name : {"TMPDIR", "TEMP", "TMP"})
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return value;
  return "/tmp";
}

std::string first_line(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  std::string_view line = text.substr(0, text.find('\n'));
  while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
  return std::string(line.substr(0, most_words));
}

}  // namespace

std::string probe_login_shell() {
  std::array<char, 4096> memory{};
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(getuid(), &entry, memory.data(), memory.size(), &found) != 0 || found == nullptr) return "";
  return std::filesystem::path(found->pw_shell).filename().string();
}

std::optional<std::string> probe_temporary_folder() {
  const std::string folder = temporary_folder();
  std::string file = folder + "/smlaunch-try-XXXXXX";
  const int descriptor = mkostemp(file.data(), O_CLOEXEC);
  int error = descriptor < 0 ? errno : 0;
  if (descriptor >= 0) {
    unlink(file.c_str());
    const std::string bytes(tried_bytes, 'x');
    const ssize_t written = write(descriptor, bytes.data(), bytes.size());
    if (written < 0)
      error = errno;
    else if (static_cast<std::size_t>(written) < bytes.size())
      error = ENOSPC;
    close(descriptor);
  }
  if (error == 0) return {};
  return fmt::format("{} cannot be written ({})", folder, std::strerror(error));
}

std::string probe_noexec_folder() {
  const std::string folder = temporary_folder();
  struct statvfs facts {};
  const bool is_noexec = statvfs(folder.c_str(), &facts) == 0 && (facts.f_flag & ST_NOEXEC) != 0;
  return is_noexec ? folder : "";
}

// Asked for its options it prints its usage, whatever version it is; its exit code then says nothing.
std::optional<std::string> daemon_problem(const ExitStatus& status, std::string_view output) {
  if (std::holds_alternative<Signaled>(status)) return to_string(status);
  if (succeeded(status) || output.find("sage:") != std::string_view::npos) return {};
  const std::string words = first_line(output);
  return words.empty() ? to_string(status) : "says: " + words;
}

std::optional<std::string> probe_daemon(const std::string& path) {
  const auto asked = run_captured({path, "--help"}, daemon_bound_milliseconds);
  if (!asked) return fmt::format("could not be asked ({})", asked.error().problems.front().what);
  return daemon_problem(asked->status, asked->output);
}

std::optional<HostCause> find_shell_problem(std::string_view own, std::string_view theirs, bool asks_shells) {
  const auto there = language_of(theirs);
  if (!there) return {};
  if (*there == Language::other)
    return HostCause{.trouble = HostTrouble::shell_not_understood, .subject = std::string(theirs)};
  // mpirun speaks to a shell that it does not know as it does to bash.
  const bool is_csh_here = language_of(own) == Language::csh;
  if (asks_shells || (*there == Language::csh) == is_csh_here) return {};
  return HostCause{
      .trouble = HostTrouble::other_shell, .subject = std::string(theirs), .here = std::string(own)};
}

}  // namespace smlaunch
