// SPDX-License-Identifier: Apache-2.0
// report.json and events.jsonl of a run, which may be another version's, or somebody else's.
#include <algorithm>

#include "launcher/report/render_report.hpp"
#include "launcher/report/run_record.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace smlaunch {

void fuzz(std::string_view bytes) {
  const std::size_t end = std::min(bytes.find('\0'), bytes.size());
  const auto record =
      parse_run_record("report.json", bytes.substr(0, end), bytes.substr(std::min(end + 1, bytes.size())));
  if (!record) return;
  (void)render_report_text(*record);
  must(render_report_html(*record, "a").find("<script") == std::string::npos);
}

}  // namespace smlaunch
