// SPDX-License-Identifier: Apache-2.0
// The room base: what every folder needs and nobody owns: errors as values, reading files, host names, text
// that is written piece by piece (lines, JSON, SVG), digests. It promises to know nothing of jobs, hosts or
// ranks. It touches only the clock, this machine's name, our own stdout and stderr, and files that its callers
// name; it starts the threads of those who need one.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace smlaunch {

// One thing that is wrong: where (a file and JSON path, an option, a host), what, and what to do about it.
struct Problem {
  std::string where;
  std::string what;
  std::string remedy;
  bool operator==(const Problem&) const = default;
};

// Which of smlaunch's exit codes an error ends in: 64, 78, 71, 70, 69.
enum class Fault { usage, configuration, start, internal, not_ready };

// Everything found wrong at once, so that a file with three mistakes shows three lines.
struct Error {
  Fault fault = Fault::internal;
  std::vector<Problem> problems;
  bool operator==(const Error&) const = default;
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> failure(Fault fault, std::string where, std::string what,
                                     std::string remedy = {}) {
  return tl::unexpected<Error>(Error{fault, {Problem{std::move(where), std::move(what), std::move(remedy)}}});
}

}  // namespace smlaunch
