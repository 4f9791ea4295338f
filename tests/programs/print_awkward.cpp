// SPDX-License-Identifier: Apache-2.0
// print_awkward: lines that are hard to pass on, on both streams: a megabyte long, with every byte, a
// progress bar's states, a character written in two halves, and no newline at the end.
#include <unistd.h>

#include <cstdio>
#include <string>

namespace {

void put(int stream, const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t wrote = write(stream, text.data() + at, text.size() - at);
    if (wrote < 0) _exit(65);
    at += static_cast<std::size_t>(wrote);
  }
}

}  // namespace

int main() {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte)
    if (byte != '\n' && byte != '\r') bytes += static_cast<char>(byte);
  for (const int stream : {1, 2}) {
    const char* name = stream == 1 ? "out" : "err";
    put(stream, name + (" " + std::string(1'000'000, 'x')) + " end\n");
    put(stream, bytes + "\n");
    put(stream, "\r 10%");
    put(stream, "\r 50%\r100%\r\n");
    put(stream, "h\xc3");
    put(stream, "\xa9\n");
    put(stream, "\n");
    put(stream, std::string(name) + " last");
  }
  return 0;
}
