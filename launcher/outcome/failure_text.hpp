// SPDX-License-Identifier: Apache-2.0
// What stands in BASE/output/failure.
#pragma once

#include <string>
#include <vector>

#include "launcher/outcome/outcome.hpp"

namespace smlaunch {

// SageMaker shows the first 1,024 characters: the class, the sentence (rank, host, how it ended, the
// exception), then the end of its traceback, or of its last lines where there is none. Where that is not all
// of the last lines, they follow, all of them. Without a terminal's colours.
std::string render_failure(const Outcome& outcome);

// At most `most` of the last lines for a terminal: where the traceback ends before those, its end, a mark,
// and fewer of the last.
std::vector<std::string> choose_last_lines(const std::vector<std::string>& lines, std::size_t most);

}  // namespace smlaunch
