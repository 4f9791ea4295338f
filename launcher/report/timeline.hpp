// SPDX-License-Identifier: Apache-2.0
// What came when, as bars on one scale. Equal hosts are one row, so that a thousand stay readable. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "launcher/report/run_record.hpp"

namespace smlaunch {

enum class BarKind { work, good, bad, stopped };

struct Bar {
  double begin = 0;  // seconds since the start of smlaunch
  double end = 0;
  BarKind kind = BarKind::work;
  std::string words = {};  // what a reader sees who points at it
};

struct TimelineRow {
  std::string label = {};
  std::vector<Bar> bars = {};
};

struct Mark {
  double at = 0;
  std::string words = {};
  bool is_bad = false;
};

struct Timeline {
  double end = 0;  // of the scale; it begins at 0
  std::vector<TimelineRow> rows = {};
  std::vector<Mark> marks = {};
};

// Where a run has more hosts, those that began and ended alike are one row.
inline constexpr std::size_t most_single_hosts = 16;
// Rows of hosts beyond this number are one, those without a failure first.
inline constexpr std::size_t most_host_rows = 40;

Timeline make_timeline(const RunRecord& record);

// "exited with code 1", "was killed by signal 9", "ended well", or "its end is not known".
std::string end_in_words(const RecordedEnd& end);

// Whether this rank is to blame, or its end is a sign of something that went wrong.
bool failed(const RecordedRank& rank);

}  // namespace smlaunch
