// SPDX-License-Identifier: Apache-2.0
#include "topology/read_file.hpp"

#include <array>
#include <cstddef>
#include <cstdio>
#include <memory>

namespace smlaunch {

std::string read_small_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"), std::fclose);
  std::string text;
  if (!file) return text;
  std::array<char, 4096> block{};
  for (std::size_t got = 0; (got = std::fread(block.data(), 1, block.size(), file.get())) > 0;) {
    text.append(block.data(), got);
  }
  return text;
}

}  // namespace smlaunch
