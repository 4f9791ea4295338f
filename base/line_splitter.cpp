// SPDX-License-Identifier: Apache-2.0
#include "base/line_splitter.hpp"

#include <algorithm>
#include <cstring>

namespace smlaunch {

void LineSplitter::end_line(std::string& lines) {
  lines += partial_;
  lines += '\n';
  partial_.clear();
}

void LineSplitter::feed(std::string_view bytes, std::string& lines) {
  while (!bytes.empty()) {
    if (after_return_) {
      after_return_ = false;
      // "\r\n" is one end, "text\r" followed by more is a state of a progress bar; a \r at the start of a
      // line (how most bars begin) shows nothing.
      if (bytes.front() == '\n') {
        end_line(lines);
        bytes.remove_prefix(1);
        continue;
      }
      if (!partial_.empty()) end_line(lines);
    }
    const void* newline = std::memchr(bytes.data(), '\n', bytes.size());
    std::size_t end = newline == nullptr
                          ? bytes.size()
                          : static_cast<std::size_t>(static_cast<const char*>(newline) - bytes.data());
    const void* carriage = std::memchr(bytes.data(), '\r', end);
    if (carriage != nullptr) {
      end = static_cast<std::size_t>(static_cast<const char*>(carriage) - bytes.data());
      partial_.append(bytes.substr(0, end));
      after_return_ = true;
      bytes.remove_prefix(end + 1);
      continue;
    }
    const std::size_t room = longest_line - std::min(longest_line, partial_.size());
    if (end > room) {
      partial_.append(bytes.substr(0, room));
      end_line(lines);
      bytes.remove_prefix(room);
      continue;
    }
    partial_.append(bytes.substr(0, end));
    if (newline == nullptr) return;
    end_line(lines);
    bytes.remove_prefix(end + 1);
  }
}

void LineSplitter::finish(std::string& lines) {
  after_return_ = false;
  if (!partial_.empty()) end_line(lines);
}

}  // namespace smlaunch
