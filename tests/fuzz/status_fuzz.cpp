// SPDX-License-Identifier: Apache-2.0
// What somebody says to the socket of a running job.
#include "launcher/status/status_socket.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace smlaunch {

void fuzz(std::string_view bytes) {
  const auto question = decode_status_question(bytes);
  if (!question) return;
  must(encode(*question) == bytes);
  must(decode_status_question(encode(*question)) == question);
}

}  // namespace smlaunch
