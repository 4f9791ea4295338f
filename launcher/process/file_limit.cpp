// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/file_limit.hpp"

#include <dirent.h>

namespace smlaunch {
namespace {

std::size_t count_open_files() {
  DIR* folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) return 64;  // without /proc: more than are open as a rule
  std::size_t count = 0;
  while (::readdir(folder) != nullptr) ++count;
  ::closedir(folder);
  return count - 3;  // ".", ".." and the folder itself
}

}  // namespace

FileLimit::FileLimit(std::size_t wanted) {
  if (::getrlimit(RLIMIT_NOFILE, &before_) != 0) return;
  const std::size_t open = count_open_files();
  rlim_t limit = before_.rlim_cur;
  if (limit < open + wanted && limit < before_.rlim_max) {
    const rlimit all{before_.rlim_max, before_.rlim_max};
    raised_ = ::setrlimit(RLIMIT_NOFILE, &all) == 0;
    if (raised_) limit = before_.rlim_max;
  }
  free_ = limit > open ? static_cast<std::size_t>(limit) - open : 0;
}

FileLimit::~FileLimit() {
  if (raised_) ::setrlimit(RLIMIT_NOFILE, &before_);
}

}  // namespace smlaunch
