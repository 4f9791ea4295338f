// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/write_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "launcher/process/unique_fd.hpp"

namespace smlaunch {

Error file_not_written(const std::filesystem::path& file, int error_number) {
  return {Fault::start,
          {{file.string(), fmt::format("cannot be written: {}", std::strerror(error_number)), ""}}};
}

namespace {

// Returns 0 or an errno.
int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = ::write(fd, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return 0;
}

// A device, a pipe or a link is written to, and not replaced: its owner wants that. A pipe that nobody reads
// is an error, not a reason to wait.
Result<void> write_into(const std::filesystem::path& file, const std::string& text) {
  UniqueFd fd(open(file.c_str(), O_WRONLY | O_TRUNC | O_NONBLOCK | O_CLOEXEC));
  if (!fd.valid()) return tl::unexpected(file_not_written(file, errno));
  fcntl(fd.get(), F_SETFL, O_WRONLY);
  if (const int error = write_all(fd.get(), text); error != 0)
    return tl::unexpected(file_not_written(file, error));
  return {};
}

struct Temporary {
  std::string path;
  UniqueFd fd;
};

Temporary make_temporary(const std::string& file, FileReaders readers) {
  if (readers == FileReaders::owner) {
    Temporary made{.path = file + ".XXXXXX", .fd = {}};
    made.fd = UniqueFd(mkostemp(made.path.data(), O_CLOEXEC));
    return made;
  }
  Temporary made{.path = fmt::format("{}.{}.new", file, getpid()), .fd = {}};
  unlink(made.path.c_str());  // what a process of this number has left
  made.fd = UniqueFd(open(made.path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  return made;
}

}  // namespace

Result<void> write_new_file(const std::filesystem::path& file, const std::string& text) {
  const UniqueFd fd(open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.valid()) return tl::unexpected(file_not_written(file, errno));
  if (const int error = write_all(fd.get(), text); error != 0) {
    unlink(file.c_str());
    return tl::unexpected(file_not_written(file, error));
  }
  return {};
}

Result<void> write_file(const std::filesystem::path& file, const std::string& text, FileReaders readers) {
  std::error_code error;
  const auto kind = std::filesystem::symlink_status(file, error).type();
  if (std::filesystem::exists(std::filesystem::file_status(kind)) &&
      kind != std::filesystem::file_type::regular)
    return write_into(file, text);
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), error);
  const auto [temporary, fd] = make_temporary(file.string(), readers);
  if (!fd.valid()) return tl::unexpected(file_not_written(file, errno));
  if (const int write_error = write_all(fd.get(), text); write_error != 0) {
    unlink(temporary.c_str());
    return tl::unexpected(file_not_written(file, write_error));
  }
  if (rename(temporary.c_str(), file.c_str()) != 0) {
    const int rename_error = errno;
    unlink(temporary.c_str());
    return tl::unexpected(file_not_written(file, rename_error));
  }
  return {};
}

}  // namespace smlaunch
