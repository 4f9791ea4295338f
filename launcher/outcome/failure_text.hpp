// SPDX-License-Identifier: Apache-2.0
// The text of BASE/output/failure.
#pragma once

#include <string>
#include <vector>

#include "launcher/outcome/outcome.hpp"

namespace smlaunch {

// SageMaker shows the first 1,024 characters: the class, the sentence (rank, host, how it ended, the
// exception), then the end of the traceback, or of the last lines where there is none. If some of the last
// lines are missing there, all of them follow. Without a terminal's colours.
std::string render_failure(const Outcome& outcome);

// At most `most` of the last lines, for a terminal. Where the traceback ends before them: its end, a mark,
// and fewer of the last lines.
std::vector<std::string> choose_last_lines(const std::vector<std::string>& lines, std::size_t most);

}  // namespace smlaunch
