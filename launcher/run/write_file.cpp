// SPDX-License-Identifier: Apache-2.0
#include "launcher/run/write_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "launcher/run/unique_fd.hpp"

namespace smlaunch {

Error file_not_written(const std::filesystem::path& file, int error_number) {
  return {Fault::start,
          {{file.string(), fmt::format("cannot be written: {}", std::strerror(error_number)), ""}}};
}

Result<void> write_file(const std::filesystem::path& file, const std::string& text) {
  std::error_code error;
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), error);
  std::string temporary = file.string() + ".XXXXXX";
  UniqueFd fd(mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd.valid()) return tl::unexpected(file_not_written(file, errno));
  std::size_t at = 0;
  while (at < text.size()) {
    const ssize_t wrote = ::write(fd.get(), text.data() + at, text.size() - at);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) {
      const int write_error = errno;
      unlink(temporary.c_str());
      return tl::unexpected(file_not_written(file, write_error));
    }
    at += static_cast<std::size_t>(wrote);
  }
  if (rename(temporary.c_str(), file.c_str()) != 0) {
    const int rename_error = errno;
    unlink(temporary.c_str());
    return tl::unexpected(file_not_written(file, rename_error));
  }
  return {};
}

}  // namespace smlaunch
