// SPDX-License-Identifier: Apache-2.0
#include "base/read_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace smlaunch {
namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

// Returns the error number, 0 for none. Stops when there are more than `most` bytes.
int read_all(const File& file, std::size_t most, std::string& text) {
  if (!file) return errno;
  std::array<char, 4096> block{};
  for (std::size_t got = 0; (got = std::fread(block.data(), 1, block.size(), file.get())) > 0;) {
    text.append(block.data(), got);
    if (text.size() > most) return 0;
  }
  return std::ferror(file.get()) != 0 ? errno : 0;
}

File open_file(const std::string& path) { return {std::fopen(path.c_str(), "re"), std::fclose}; }

Result<std::string> read_given(const File& file, const std::string& name, std::size_t most) {
  std::string text;
  if (const int error = read_all(file, most, text); error != 0)
    return failure(Fault::configuration, name, fmt::format("cannot be read: {}", std::strerror(error)),
                   "name a file that is there and readable");
  if (text.size() > most)
    return failure(Fault::configuration, name, fmt::format("is longer than {} MiB", most >> 20U),
                   "name the right file");
  return text;
}

}  // namespace

std::string read_small_file(const std::string& path) {
  constexpr std::size_t most = std::size_t{1} << 30U;
  std::string text;
  read_all(open_file(path), most, text);
  return text;
}

Result<std::string> read_given_file(const std::string& path, std::size_t most) {
  return read_given(open_file(path), path, most);
}

Result<std::string> read_given_stdin(std::size_t most) {
  const int copy = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
  return read_given({copy < 0 ? nullptr : fdopen(copy, "r"), std::fclose}, "stdin", most);
}

}  // namespace smlaunch
