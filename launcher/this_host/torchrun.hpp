// SPDX-License-Identifier: Apache-2.0
// Which torchrun a job uses, and what is known to be wrong with it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smlaunch {

struct Torchrun {
  std::vector<std::string> command = {"torchrun"};
  bool must_redirect = false;
  std::string interpreter;  // that runs it; empty: not known
  std::string source;
};

// The interpreter that a script's first line names; nothing where it names no interpreter by an absolute
// path.
std::optional<std::string> parse_interpreter_line(std::string_view script);

// `answer`: "3.11 1.13.0a0+git". PyTorch before 2.0 on Python 3.11 or later can start a rank only if its
// output is redirected: an enumeration lost its zero.
bool parse_must_redirect(std::string_view answer);

// `found`: torchrun on PATH, or empty. `python`: the interpreter that the user named, or empty.
Torchrun probe_torchrun(const std::string& found, const std::string& python);

}  // namespace smlaunch
