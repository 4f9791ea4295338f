// SPDX-License-Identifier: Apache-2.0
// print_lines COUNT: numbered lines of about 80 bytes, as fast as they are taken.
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace {

void put(const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t wrote = write(1, text.data() + at, text.size() - at);
    if (wrote <= 0) _exit(1);
    at += static_cast<std::size_t>(wrote);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const long count = argc > 1 ? std::atol(argv[1]) : 1'000'000;
  std::string block;
  for (long i = 0; i < count; ++i) {
    block += "line " + std::to_string(i);
    block.append(60, '.');
    block += "end\n";
    if (block.size() < 32768) continue;
    put(block);
    block.clear();
  }
  put(block);
  return 0;
}
