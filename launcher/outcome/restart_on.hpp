// SPDX-License-Identifier: Apache-2.0
// --restart-on: which failures are worth another try. Pure.
#pragma once

#include <set>
#include <string>

#include "base/error.hpp"
#include "launcher/outcome/outcome.hpp"

namespace smlaunch {

struct RestartOn {
  bool lost_host = true;
  bool signal = true;  // from outside: whoever sent it did not ask the program
  bool smoke = true;
  bool start = true;
  bool hang = true;
  bool user_code = false;  // however it ended
  std::set<int> exit_codes = {};
  bool operator==(const RestartOn&) const = default;
};

// "lost_host,signal,42"; "none": no failure at all. Errors (Fault::usage, of `where`): a word that is neither a class
// nor a code from 1 to 255.
Result<RestartOn> parse_restart_on(const std::string& text, const std::string& where);

// A failure of its class, or of a rank's exit code.
bool is_worth_another_try(const Outcome& outcome, const RestartOn& on);

}  // namespace smlaunch
