// SPDX-License-Identifier: Apache-2.0
#include "base/read_file.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace smlaunch {
namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

// Returns the error number, 0 for none. Stops when there are more than `most` bytes.
int read_all(const std::string& path, std::size_t most, std::string& text) {
  const File file(std::fopen(path.c_str(), "re"), std::fclose);
  if (!file) return errno;
  std::array<char, 4096> block{};
  for (std::size_t got = 0; (got = std::fread(block.data(), 1, block.size(), file.get())) > 0;) {
    text.append(block.data(), got);
    if (text.size() > most) return 0;
  }
  return std::ferror(file.get()) != 0 ? errno : 0;
}

}  // namespace

std::string read_small_file(const std::string& path) {
  constexpr std::size_t most = std::size_t{1} << 30U;
  std::string text;
  read_all(path, most, text);
  return text;
}

Result<std::string> read_given_file(const std::string& path, std::size_t most) {
  std::string text;
  if (const int error = read_all(path, most, text); error != 0)
    return failure(Fault::configuration, path, fmt::format("cannot be read: {}", std::strerror(error)),
                   "name a file that is there and readable");
  if (text.size() > most)
    return failure(Fault::configuration, path, fmt::format("is longer than {} MiB", most >> 20U),
                   "name the right file");
  return text;
}

}  // namespace smlaunch
