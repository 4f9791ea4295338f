// SPDX-License-Identifier: Apache-2.0
// The lines of mpirun's own output, where --tag-output marks those of its processes.
#pragma once

#include <optional>
#include <string_view>

namespace smlaunch {

struct TaggedLine {
  int rank = 0;
  bool is_stderr = false;
  std::string_view text;
};

// "[1,0]<stdout>:hello" (Open MPI 4) and "[prterun-host-99@1,0]<stdout>: hello" (5); nothing for mpirun's own
// words.
std::optional<TaggedLine> parse_tagged_line(std::string_view line);

}  // namespace smlaunch
