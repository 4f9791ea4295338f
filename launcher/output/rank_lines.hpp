// SPDX-License-Identifier: Apache-2.0
// How the lines of ranks look when they leave us: with a prefix, or as JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace smlaunch {

enum class LogFormat { text, json };

// Whose lines they are.
struct LineOrigin {
  std::optional<int> rank;  // nothing: torchrun's or xla's, which start the ranks of their host
  std::string host;
  bool is_stderr = false;
  double seconds = 0;       // when they were read, since the start of the run, on the leader's clock
  bool alone = false;       // the job's only rank: no prefix
  bool is_colored = false;  // the prefix, for a terminal
};

// Each of `lines` (each ends with \n) with its prefix: "[3 algo-2] ", "[algo-2] ", or none. As JSON, one
// object for each line: {"host":…,"line":…,"rank":…|null,"stream":"stdout"|"stderr","t":seconds}, with
// U+FFFD in place of invalid UTF-8.
std::string render_rank_lines(LogFormat format, const LineOrigin& origin, std::string_view lines);

// The file of --log-dir that gets these lines: "rank-3.stdout", "algo-2.stderr"; from the second try of a job
// on, "rank-3.restart-1.stdout".
std::string log_file_name(const LineOrigin& origin, int restart_count);

}  // namespace smlaunch
