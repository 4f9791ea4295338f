// SPDX-License-Identifier: Apache-2.0
// What a program of bench/ has measured, for bench/pack_results: the same lines that record of compare.sh writes.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace smlaunch {

// Appends a line of JSON to the file that $BENCH_RECORDS names; without it nothing. No text may hold a quote
// or a backslash.
inline void append_record(std::string_view line) {
  const char* file = std::getenv("BENCH_RECORDS");
  std::FILE* out = file == nullptr ? nullptr : std::fopen(file, "a");
  if (out == nullptr) return;
  fmt::print(out, "{}\n", line);
  std::fclose(out);
}

// `values`: in the order in which they were measured.
inline void record(std::string_view measure, std::string_view unit, std::string_view who,
                   const std::vector<double>& values) {
  append_record(fmt::format(R"({{"measure":"{}","unit":"{}","who":"{}","values":[{:.6g}]}})", measure, unit,
                            who, fmt::join(values, ",")));
}

// `who` may be at most `most`, in the measure's unit.
inline void record_budget(std::string_view measure, std::string_view who, double most) {
  append_record(fmt::format(R"({{"measure":"{}","budget":{{"of":"value","who":"{}","most":{}}}}})", measure,
                            who, most));
}

}  // namespace smlaunch
