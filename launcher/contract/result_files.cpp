// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/result_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/unicode.hpp"

namespace smlaunch {
namespace {

constexpr std::size_t longest_failure = 65536;

tl::unexpected<Error> cannot(const std::filesystem::path& path, const char* what, int error) {
  return failure(Fault::internal, path.native(), fmt::format("cannot be {}: {}", what, std::strerror(error)));
}

Result<void> make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error && !std::filesystem::is_directory(folder)) return cannot(folder, "created", error.value());
  return {};
}

Result<void> write_all(int descriptor, std::string_view text, const std::filesystem::path& path) {
  while (!text.empty()) {
    const ssize_t count = write(descriptor, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return cannot(path, "written", errno);
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

// Cut at the end of a line if there is one near enough, else between two characters.
std::string cut(std::string text) {
  constexpr std::string_view mark = "[cut]\n";
  if (text.size() <= longest_failure) return text;
  std::size_t end = longest_failure - mark.size();
  const std::size_t line_end = text.rfind('\n', end - 1);
  if (line_end != std::string::npos && line_end + 1024 > end) {
    end = line_end + 1;
  } else {
    while ((static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80) --end;
  }
  text.replace(end, std::string::npos, mark);
  return text;
}

}  // namespace

Result<void> write_success_file(const Paths& paths) {
  if (Result<void> folder = make_folder(paths.output); !folder) return folder;
  const int descriptor =
      open(paths.success.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0644);
  if (descriptor < 0) return cannot(paths.success, "created", errno);
  close(descriptor);
  return {};
}

Result<void> write_failure_file(const Paths& paths, const std::string& text) {
  if (Result<void> folder = make_folder(paths.output); !folder) return folder;
  const char* name = paths.failure.c_str();
  int descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (descriptor < 0 && errno == EEXIST) {
    // Somebody has made the file before us. We write to it only if it is empty.
    descriptor = open(name, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status {};
    if (descriptor >= 0 && fstat(descriptor, &status) == 0 && status.st_size > 0) {
      close(descriptor);
      return {};
    }
  }
  if (descriptor < 0) return cannot(paths.failure, "opened for writing", errno);
  Result<void> written = write_all(descriptor, cut(repair_utf8(text)), paths.failure);
  if (close(descriptor) != 0 && written) return cannot(paths.failure, "written", errno);
  return written;
}

std::filesystem::path long_variable_file(const Paths& paths, const std::string& name) {
  return paths.own / "env" / name;
}

Result<void> write_long_variable(const Paths& paths, const std::string& name, const std::string& value) {
  const std::filesystem::path file = long_variable_file(paths, name);
  if (Result<void> folder = make_folder(file.parent_path()); !folder) return folder;
  const int descriptor = open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0600);
  if (descriptor < 0) return cannot(file, "created", errno);
  Result<void> written = write_all(descriptor, value, file);
  if (close(descriptor) != 0 && written) return cannot(file, "written", errno);
  return written;
}

}  // namespace smlaunch
