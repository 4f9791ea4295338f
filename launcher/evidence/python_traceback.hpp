// SPDX-License-Identifier: Apache-2.0
// Python's tracebacks in what a program printed: plain, of a chain, of an exception group, or only a place
// where the source is no Python; also where PyTorch writes the rank before each line (rank_prefix.hpp).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smlaunch {

// What is kept of one, in bytes.
inline constexpr std::size_t most_traceback_bytes = 32U << 10U;
inline constexpr std::string_view traceback_mark = "Traceback (most recent call last)";

bool begins_traceback(std::string_view line);

// What stands at the margin of a traceback, or behind the bar of an exception group's; nothing for what is
// further in.
std::optional<std::string_view> traceback_margin(std::string_view line);

// The exception is torchrun's own, about a rank's failure: it is the rank's that matters.
bool is_of_starter(std::string_view exception);

// Does the line say that another traceback follows of the same failure?
bool is_between_chained(std::string_view line);

// Without colours and other sequences of a terminal: ESC [ … letter.
std::string without_colours(std::string_view text);

// The last exception of some lines, torchrun's own left out.
struct Traceback {
  std::size_t begin = 0;  // of its traceback, among the lines
  std::size_t end = 0;    // the line of the exception itself
  std::string exception;  // "ValueError: no such thing", without colours
};
std::optional<Traceback> find_traceback(const std::vector<std::string>& lines);

// Its exception.
std::optional<std::string> find_python_exception(const std::vector<std::string>& lines);

}  // namespace smlaunch
