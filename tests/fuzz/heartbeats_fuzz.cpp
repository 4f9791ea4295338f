// SPDX-License-Identifier: Apache-2.0
// What a rank appends to the file of its heartbeats.
#include "launcher/progress/heartbeat_line.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace smlaunch {

void fuzz(std::string_view bytes) {
  Progress all;
  for (const std::string& line : lines_of(bytes)) {
    Progress progress = parse_heartbeat_line(line);
    must(progress.beats == 1 && progress.values.size() <= most_progress_values);
    for (const auto& [name, value] : progress.values) must(is_progress_name(name));
    all.add(std::move(progress));
  }
  must(all.values.size() <= most_progress_values);
  must(in_words(all.values).find('\n') == std::string::npos);
}

}  // namespace smlaunch
