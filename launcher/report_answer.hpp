// SPDX-License-Identifier: Apache-2.0
// The answer of `smlaunch report [DIR|FILE] [--html FILE]`.
#pragma once

#include <string>

#include "base/error.hpp"
#include "launcher/options/options.hpp"

namespace smlaunch {

// The text for the terminal; with --html the page is written, and the text says where. A folder may be the one of
// report.json or a BASE; without an operand it is `base`. The events stand beside the report, or where --events
// says. Errors: no report is there, or it cannot be read; the page cannot be written.
Result<std::string> make_report_answer(const Options& options, const std::string& base);

}  // namespace smlaunch
