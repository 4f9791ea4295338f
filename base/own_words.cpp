// SPDX-License-Identifier: Apache-2.0
#include "base/own_words.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace smlaunch {

int write_text(int stream, std::string_view text) {
  constexpr int most_milliseconds = 1000;
  while (!text.empty()) {
    const ssize_t wrote = ::write(stream, text.data(), text.size());
    if (wrote > 0) {
      text.remove_prefix(static_cast<std::size_t>(wrote));
      continue;
    }
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0 && errno != EAGAIN) return errno;
    // Whoever shares the stream with us may have made it non-blocking.
    pollfd writable{stream, POLLOUT, 0};
    if (poll(&writable, 1, most_milliseconds) == 0) return EAGAIN;
  }
  return 0;
}

}  // namespace smlaunch
