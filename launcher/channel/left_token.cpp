// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/left_token.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "launcher/channel/messages.hpp"
#include "launcher/channel/private_folders.hpp"
#include "launcher/process/unique_fd.hpp"

namespace smlaunch {

namespace {

constexpr std::string_view file_begin = "token.";
constexpr std::size_t token_digits = 64;
constexpr std::size_t most_job_digits = 64;

bool are_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// It becomes a file's name, and comes from the environment.
bool is_job(std::string_view job) { return are_digits(job) && job.size() <= most_job_digits; }

// A login's XDG_RUNTIME_DIR may end with the login.
PrivatePlaces places_in(const std::string& temporary) { return {.runtime = "", .temporary = temporary}; }

std::string file_of(const std::string& folder, const std::string& job) {
  return fmt::format("{}/{}{}", folder, file_begin, job);
}

// Errors are in errno.
bool write_new_file(const std::string& path, const std::string& text) {
  unlink(path.c_str());
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd.valid()) return false;
  const ssize_t written = write(fd.get(), text.data(), text.size());
  if (written == static_cast<ssize_t>(text.size())) return true;
  if (written >= 0) errno = ENOSPC;
  const int error = errno;
  unlink(path.c_str());
  errno = error;
  return false;
}

void remove_old_tokens(const std::string& folder, std::chrono::hours longest) {
  std::error_code error;
  for (std::filesystem::directory_iterator each(folder, error), end; !error && each != end;
       each.increment(error)) {
    if (!each->path().filename().string().starts_with(file_begin)) continue;
    std::error_code gone;
    const auto written = std::filesystem::last_write_time(each->path(), gone);
    if (!gone && decltype(written)::clock::now() - written > longest) unlink(each->path().c_str());
  }
}

}  // namespace

Result<void> leave_token(const std::string& job, const std::string& token, const std::string& temporary,
                         std::chrono::hours longest) {
  if (!is_job(job)) return failure(Fault::start, job, "is no marker of a job");
  // Who leaves such a folder takes it away where it is empty: also between our two steps.
  for (int tries_left = 2;; --tries_left) {
    const auto folders = make_private_folders(places_in(temporary));
    if (!folders) return tl::unexpected(folders.error());
    remove_old_tokens(folders->front(), longest);
    const std::string path = file_of(folders->front(), job);
    if (write_new_file(path, token)) return {};
    if (errno != ENOENT || tries_left == 0)
      return failure(Fault::start, path, fmt::format("cannot be written: {}", std::strerror(errno)));
  }
}

Result<void> leave_handed_token(const std::string& hand_over) {
  const auto message = decode_hand_over(hand_over);
  if (!message) return failure(Fault::start, "the leader", "has brought no token");
  return leave_token(message->job, message->token);
}

std::optional<std::string> find_left_token(const std::string& job, const std::string& temporary) {
  if (!is_job(job)) return {};
  for (const std::string& folder : find_all_private_folders(places_in(temporary))) {
    const UniqueFd fd(open(file_of(folder, job).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat facts {};
    if (!fd.valid() || fstat(fd.get(), &facts) != 0 || !S_ISREG(facts.st_mode) || facts.st_uid != getuid() ||
        (facts.st_mode & 0077U) != 0)
      continue;
    std::string token(token_digits + 1, '\0');
    const ssize_t got = read(fd.get(), token.data(), token.size());
    if (got != static_cast<ssize_t>(token_digits)) continue;
    token.resize(token_digits);
    if (are_digits(token)) return token;
  }
  return {};
}

void remove_left_token(const std::string& job, const std::string& temporary) {
  if (!is_job(job)) return;
  for (const std::string& folder : find_all_private_folders(places_in(temporary)))
    if (unlink(file_of(folder, job).c_str()) == 0) rmdir(folder.c_str());
}

}  // namespace smlaunch
