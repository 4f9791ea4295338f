// SPDX-License-Identifier: Apache-2.0
// What the leader sends a login on this host, and the command that the login waits for then (waiting_words.hpp).
#pragma once

#include <string>

namespace smlaunch {

struct LoginInput {
  std::string text = {};
  bool may_wait = false;
};

// Reads stdin: all of it, or what stands behind a line that tells its length.
LoginInput read_login_input();

// Says that this login waits, and becomes the user's shell with the command that comes. Returns the exit code: 0 where
// none comes before the end of stdin.
int wait_for_command();

}  // namespace smlaunch
