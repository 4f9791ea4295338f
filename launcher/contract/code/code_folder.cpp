// SPDX-License-Identifier: Apache-2.0
// Beside the code folder, or in it where that is a mount point or a link, so that one rename(2) is enough:
//   .smlaunch-code.lock   the process that fills the folder locks it, and removes it
//   .smlaunch-code.part   being filled; of no use when its maker is gone
//   .smlaunch-code.download  an archive on its way here; the same
//   .smlaunch-code.whole  only in a mount point, or in a folder with something in it: filled, its entries move
//   up one by one; whoever comes next goes on
#include "launcher/contract/code/code_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace smlaunch {
namespace {

constexpr std::string_view own_prefix = ".smlaunch-code.";
constexpr const char* lock_name = ".smlaunch-code.lock";
constexpr const char* part_name = ".smlaunch-code.part";
constexpr const char* download_name = ".smlaunch-code.download";
constexpr const char* whole_name = ".smlaunch-code.whole";
constexpr int look_milliseconds = 100;

tl::unexpected<Error> cannot(const std::filesystem::path& path, std::string_view what, int error) {
  return failure(Fault::start, path.native(), fmt::format("cannot be {}: {}", what, std::strerror(error)),
                 "the code is put there: may it be written to, and is there room?");
}

// Renaming is possible within a file system's mount only.
bool is_mount_point_or_link(const std::filesystem::path& code) {
  struct statx facts {};
  if (statx(AT_FDCWD, code.c_str(), AT_SYMLINK_NOFOLLOW, STATX_TYPE, &facts) != 0) return false;
  if (S_ISLNK(facts.stx_mode)) return true;
  if ((facts.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0)
    return (facts.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
  struct stat own {};
  struct stat above {};
  return stat(code.c_str(), &own) == 0 && stat(code.parent_path().c_str(), &above) == 0 &&
         own.st_dev != above.st_dev;
}

// The lock file may be removed by its last owner while we wait for it.
bool is_still_called(int fd, const std::filesystem::path& file) {
  struct stat ours {};
  struct stat named {};
  return fstat(fd, &ours) == 0 && stat(file.c_str(), &named) == 0 && ours.st_dev == named.st_dev &&
         ours.st_ino == named.st_ino;
}

Result<void> move_up(const std::filesystem::path& whole, const std::filesystem::path& code) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(whole, error)) {
    std::filesystem::rename(entry.path(), code / entry.path().filename(), error);
    if (error) break;
  }
  if (!error) std::filesystem::remove(whole, error);
  if (error) return cannot(code, "filled", error.value());
  return {};
}

}  // namespace

bool is_code_empty(const std::filesystem::path& code) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(code, error)) {
    const std::string name = entry.path().filename().native();
    if (name == whole_name || !std::string_view(name).starts_with(own_prefix)) return false;
  }
  return true;
}

bool holds_only(const std::filesystem::path& code, const std::string& name) {
  std::error_code error;
  bool is_there = false;
  for (const auto& entry : std::filesystem::directory_iterator(code, error)) {
    const std::string found = entry.path().filename().native();
    // It is filled as soon as it is locked.
    if (found == whole_name) return true;
    if (found.starts_with(own_prefix)) continue;
    if (found != name) return false;
    is_there = entry.is_regular_file(error);
  }
  return is_there;
}

CodeFolder::CodeFolder(std::filesystem::path code, std::filesystem::path place, int lock)
    : code_(std::move(code)), place_(std::move(place)), lock_(lock) {}

CodeFolder::CodeFolder(CodeFolder&& other) noexcept
    : code_(std::move(other.code_)), place_(std::move(other.place_)), lock_(std::exchange(other.lock_, -1)) {}

CodeFolder::~CodeFolder() {
  if (lock_ < 0) return;
  std::error_code error;
  std::filesystem::remove_all(place_ / part_name, error);
  std::filesystem::remove_all(place_ / download_name, error);
  unlink((place_ / lock_name).c_str());
  close(lock_);
}

Result<CodeFolder> CodeFolder::lock(const std::filesystem::path& code, const std::function<bool()>& wait) {
  const bool inside = is_mount_point_or_link(code);
  const std::filesystem::path place = inside ? code : code.parent_path();
  std::error_code error;
  std::filesystem::create_directories(place, error);
  const std::filesystem::path file = place / lock_name;
  int fd = -1;
  while (true) {
    fd = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return cannot(file, "created", errno);
    const bool locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
    const int lock_error = errno;
    if (locked && is_still_called(fd, file)) break;
    close(fd);
    if (locked) continue;
    if (lock_error != EWOULDBLOCK && lock_error != EINTR) return cannot(file, "locked", lock_error);
    if (!wait())
      return failure(Fault::start, file.native(), "is held by another smlaunch that prepares the same code");
    poll(nullptr, 0, look_milliseconds);
  }
  CodeFolder folder(code, place, fd);
  for (const char* name : {part_name, download_name}) {
    std::filesystem::remove_all(place / name, error);
    if (error) return cannot(place / name, "removed", error.value());
  }
  if (std::filesystem::exists(code / whole_name, error))
    if (auto moved = move_up(code / whole_name, code); !moved) return tl::unexpected(moved.error());
  return folder;
}

Result<std::filesystem::path> CodeFolder::make_folder(const char* name, unsigned mode) const {
  const std::filesystem::path folder = place_ / name;
  std::error_code error;
  std::filesystem::remove_all(folder, error);
  if (mkdir(folder.c_str(), mode) != 0) return cannot(folder, "created", errno);
  return folder;
}

Result<std::filesystem::path> CodeFolder::make_staging() { return make_folder(part_name, 0777); }

Result<std::filesystem::path> CodeFolder::make_download_folder() { return make_folder(download_name, 0700); }

Result<void> CodeFolder::publish() {
  const std::filesystem::path staging = place_ / part_name;
  if (place_ == code_ || !is_code_empty(code_)) {
    if (rename(staging.c_str(), (code_ / whole_name).c_str()) != 0) return cannot(code_, "filled", errno);
    return move_up(code_ / whole_name, code_);
  }
  struct stat before {};
  if (stat(code_.c_str(), &before) == 0) {
    // The file keeps the mode with which it was made.
    if (chown(staging.c_str(), before.st_uid, before.st_gid) != 0 && errno != EPERM)
      return cannot(staging, "given away", errno);
    if (chmod(staging.c_str(), before.st_mode & 07777U) != 0) return cannot(staging, "changed", errno);
  }
  if (rename(staging.c_str(), code_.c_str()) != 0) return cannot(code_, "filled", errno);
  return {};
}

}  // namespace smlaunch
