// SPDX-License-Identifier: Apache-2.0
// The classes of failures, and the one table from them to exit codes.
#pragma once

#include <string>
#include <string_view>

#include "base/exit_codes.hpp"

namespace smlaunch {

enum class FailureClass {
  none,
  user_code,
  not_ready,
  smoke,
  lost_host,
  hang,
  configuration,
  start,
  internal,
  install_module,  // these two: pip's failures, by the toolkit's names
  install_requirements
};
std::string to_string(FailureClass failure_class);        // the word in report.json; "" for none
FailureClass parse_failure_class(std::string_view text);  // internal for an unknown word

// The exit code of a job with such a failure. For user_code: 1, where no rank's own code is known.
int exit_code_of(FailureClass failure_class);

// The class of a job that an error has ended.
FailureClass failure_class_of(Fault fault);

}  // namespace smlaunch
