// SPDX-License-Identifier: Apache-2.0
// flood LINES: as many numbered lines on stdout, and a tenth of them on stderr, in writes that end anywhere.
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace {

void write_all(int stream, const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t wrote = write(stream, text.data() + at, text.size() - at);
    if (wrote < 0) std::exit(66);
    at += static_cast<std::size_t>(wrote);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 64;
  const long lines = std::atol(argv[1]);
  std::string out;
  std::string err;
  for (long i = 0; i < lines; ++i) {
    out += "out " + std::to_string(i) + " " + std::string(static_cast<std::size_t>(i % 61), 'x') + " end\n";
    if (i % 10 == 0) err += "err " + std::to_string(i) + " end\n";
    if (out.size() < 7919) continue;
    write_all(1, out.substr(0, 7919));
    out.erase(0, 7919);
    write_all(2, err.substr(0, err.size() / 2));
    err.erase(0, err.size() / 2);
  }
  write_all(1, out);
  write_all(2, err);
}
