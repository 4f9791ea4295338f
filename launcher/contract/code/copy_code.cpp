// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/code/copy_code.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

namespace smlaunch {
namespace {

using Identity = std::pair<dev_t, ino_t>;

tl::unexpected<Error> cannot(const std::filesystem::path& path, const char* what, int error) {
  return failure(Fault::start, path.native(), fmt::format("cannot be {}: {}", what, std::strerror(error)));
}

void keep_times(const std::filesystem::path& to, const struct stat& facts) {
  const timespec times[2] = {facts.st_atim, facts.st_mtim};
  utimensat(AT_FDCWD, to.c_str(), times, 0);
}

class Copying {
 public:
  explicit Copying(const std::atomic<bool>* cancelled) : cancelled_(cancelled) {}

  // NOLINTNEXTLINE(misc-no-recursion): as deep as the folders are, which has an end: circles are refused
  Result<void> copy(const std::filesystem::path& source, const std::filesystem::path& folder) {
    struct stat facts {};
    if (stat(source.c_str(), &facts) != 0) return cannot(source, "read", errno);
    const Identity own{facts.st_dev, facts.st_ino};
    for (const Identity& above : above_)
      if (above == own)
        return failure(Fault::configuration, source.native(), "is a link to a folder around it", "remove it");
    above_.push_back(own);
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(source, error))
      if (auto copied = copy_entry(entry.path(), folder / entry.path().filename()); !copied) return copied;
    if (error) return cannot(source, "read", error.value());
    above_.pop_back();
    return {};
  }

 private:
  // NOLINTNEXTLINE(misc-no-recursion)
  Result<void> copy_entry(const std::filesystem::path& from, const std::filesystem::path& to) {
    if (cancelled_ != nullptr && *cancelled_)
      return failure(Fault::start, from.native(), "was not copied: told to stop");
    struct stat facts {};
    if (stat(from.c_str(), &facts) != 0) {
      if (errno != ENOENT && errno != ELOOP) return cannot(from, "read", errno);
      return failure(Fault::configuration, from.native(), "is a link that leads nowhere", "remove it");
    }
    if (S_ISREG(facts.st_mode)) return copy_code_file(from, to);
    if (!S_ISDIR(facts.st_mode))
      return failure(Fault::configuration, from.native(), "is neither a file nor a folder", "remove it");
    if (mkdir(to.c_str(), 0700) != 0) return cannot(to, "created", errno);
    if (auto copied = copy(from, to); !copied) return copied;
    chmod(to.c_str(), facts.st_mode & 07777U);
    keep_times(to, facts);
    return {};
  }

  const std::atomic<bool>* cancelled_;
  std::vector<Identity> above_;
};

}  // namespace

Result<void> copy_code_folder(const std::filesystem::path& source, const std::filesystem::path& folder,
                              const std::atomic<bool>* cancelled) {
  return Copying(cancelled).copy(source, folder);
}

Result<void> copy_code_file(const std::filesystem::path& file, const std::filesystem::path& to) {
  std::error_code error;
  std::filesystem::copy_file(file, to, error);
  if (error)  // the library may say EIO for a full disk
    return failure(Fault::start, file.native(), fmt::format("cannot be copied: {}", error.message()),
                   "is there room, and may it be written to?");
  struct stat facts {};
  if (stat(file.c_str(), &facts) == 0) {
    chmod(to.c_str(), facts.st_mode & 0777U);
    keep_times(to, facts);
  }
  return {};
}

}  // namespace smlaunch
