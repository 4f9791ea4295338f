// SPDX-License-Identifier: Apache-2.0
// The program must be at one path on all hosts, since mpirun starts it by that path. Installed with pip it is where
// each host's virtual environment is: a login that does not find it looks where else one is, so that we can say it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace smlaunch {

// Words for a login's shell, to be followed by the program's arguments: it becomes the program. Any shell reads them
// alike: they have single quotes only. `quoted_path` is a shell's word.
std::string become_program(std::string_view quoted_path);

struct ProgramElsewhere {
  std::string wanted;  // where it should be
  std::string found;   // where one is
  bool operator==(const ProgramElsewhere&) const = default;
};

// What the words above said on stderr, if they found the program elsewhere; they end with 127 then.
std::optional<ProgramElsewhere> parse_program_elsewhere(std::string_view stderr_text);

}  // namespace smlaunch
