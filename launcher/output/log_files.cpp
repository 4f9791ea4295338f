// SPDX-License-Identifier: Apache-2.0
#include "launcher/output/log_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstring>

namespace smlaunch {

namespace {

constexpr std::size_t most_open = 256;

}  // namespace

Result<LogFiles> LogFiles::open(const std::filesystem::path& folder) {
  const std::string where = fmt::format("--log-dir {}", folder.string());
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    return failure(Fault::start, where, fmt::format("cannot be made: {}", error.message()),
                   "name a folder that can be written");
  if (access(folder.c_str(), W_OK | X_OK) != 0)
    return failure(Fault::start, where, fmt::format("cannot be written: {}", std::strerror(errno)),
                   "name a folder that can be written");
  return LogFiles(folder);
}

int LogFiles::descriptor_of(const std::string& name) {
  if (const auto found = by_name_.find(name); found != by_name_.end()) {
    open_.splice(open_.begin(), open_, found->second);
    return open_.front().fd.get();
  }
  if (open_.size() == most_open) {
    by_name_.erase(open_.back().name);
    open_.pop_back();
  }
  bool& begun = begun_[name];
  const int how = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (begun ? 0 : O_TRUNC);
  UniqueFd fd(::open((folder_ / name).c_str(), how, 0666));
  // Where no descriptor is left, the files that were written longest ago give theirs.
  while (!fd.valid() && errno == EMFILE && !open_.empty()) {
    by_name_.erase(open_.back().name);
    open_.pop_back();
    fd = UniqueFd(::open((folder_ / name).c_str(), how, 0666));
  }
  if (!fd.valid()) return -1;
  begun = true;
  open_.push_front({name, std::move(fd)});
  by_name_.emplace(name, open_.begin());
  return open_.front().fd.get();
}

int LogFiles::append(const std::string& name, std::string_view lines) {
  const int fd = descriptor_of(name);
  if (fd < 0) return errno;
  while (!lines.empty()) {
    const ssize_t wrote = ::write(fd, lines.data(), lines.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return errno;
    lines.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return 0;
}

}  // namespace smlaunch
