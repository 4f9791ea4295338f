// SPDX-License-Identifier: Apache-2.0
// Words between the leader and the check programs.
#include "launcher/smoke/check_settings.hpp"
#include "launcher/smoke/rank_result.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace smlaunch {

void fuzz(std::string_view bytes) {
  (void)parse_check_command(bytes);
  (void)parse_check_message(bytes);
}

}  // namespace smlaunch
