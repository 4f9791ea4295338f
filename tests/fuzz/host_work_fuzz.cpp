// SPDX-License-Identifier: Apache-2.0
// What a host is told to prepare and to check, and what it answers among other lines of its login.
#include "launcher/code/code_messages.hpp"
#include "launcher/worker/host_check.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace smlaunch {

void fuzz(std::string_view bytes) {
  if (const auto request = decode_code_request(bytes))
    must(decode_code_request(encode(*request)).has_value());
  if (const auto end = decode_code_end(bytes)) must(decode_code_end(encode(*end)).has_value());
  (void)parse_code_answer(std::string(bytes));
  if (const auto check = decode_host_check(bytes)) must(decode_host_check(encode(*check)) == check);
  const HostCheckResult result = parse_host_check(bytes);
  must(parse_host_check(render_host_check(result)) == result);
}

}  // namespace smlaunch
