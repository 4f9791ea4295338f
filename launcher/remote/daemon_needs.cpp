// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/daemon_needs.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

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

}  // namespace

std::string probe_login_shell() {
  std::array<char, 4096> memory{};
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(getuid(), &entry, memory.data(), memory.size(), &found) != 0 || found == nullptr) return "";
  return std::filesystem::path(found->pw_shell).filename().string();
}

std::string probe_temporary_folder() {
  std::string folder = "/tmp";
  for (const char* name : {"TMPDIR", "TEMP", "TMP"})
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') {
      folder = value;
      break;
    }
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
  return error == 0 ? "" : fmt::format("{} cannot be written ({})", folder, std::strerror(error));
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
