// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/first_line.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace smlaunch {

std::string read_first_line(const std::filesystem::path& file) {
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return {};
  std::array<char, 256> start{};
  const ssize_t count = read(descriptor, start.data(), start.size());
  close(descriptor);
  const std::string_view text(start.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  return std::string(text.substr(0, text.find('\n')));
}

bool is_text_of_windows(const std::filesystem::path& file) {
  const std::string line = read_first_line(file);
  return line.ends_with('\r') && line.find('\0') == std::string::npos;
}

bool is_zipapp_for_python(const std::filesystem::path& file) {
  return file.extension() == ".pyz" &&
         (access(file.c_str(), X_OK) != 0 || !read_first_line(file).starts_with("#!"));
}

}  // namespace smlaunch
