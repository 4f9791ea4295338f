// SPDX-License-Identifier: Apache-2.0
// Python's tracebacks in a program's lines: plain, of a chain, of an exception group, or only a place where
// the source is no Python; also where PyTorch writes the rank before each line (rank_prefix.hpp).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smlaunch {

// How much of a traceback is kept, in bytes.
inline constexpr std::size_t most_traceback_bytes = 32U << 10U;
inline constexpr std::string_view traceback_mark = "Traceback (most recent call last)";

bool begins_traceback(std::string_view line);
// Rich draws a box around a traceback, and breaks the lines of the message behind it.
bool is_boxed_traceback(std::string_view line);
// The traceback of a worker process: PyTorch writes it behind the exception that passes it on.
bool begins_original_traceback(std::string_view line);

// A line's text at the margin of a traceback, or behind the bar of an exception group's; nothing for a line
// that is indented further.
std::optional<std::string_view> traceback_margin(std::string_view line);

// The exception is torchrun's own, about a rank's failure: the rank's exception matters.
bool is_of_starter(std::string_view exception);

// Does the line say that another traceback of the same failure follows?
bool is_between_chained(std::string_view line);

// Without colours and other sequences of a terminal: ESC [ … letter.
std::string without_colours(std::string_view text);

// How a traceback belongs to the traceback before it: its exception was raised from that exception, or while
// that was handled; or it is a worker process's exception, which the one before has passed on.
enum class Chain { none, cause, handling, original };

struct Traceback {
  std::size_t begin = 0;       // the traceback's first line
  std::size_t end = 0;         // the line of the exception itself
  std::string exception = {};  // "ValueError: no such thing", without colours
  Chain chain = Chain::none;
  bool is_aside = false;  // of another thread, of a destructor, of the interpreter's own end
};

// All tracebacks in the order of the lines, without torchrun's own.
std::vector<Traceback> find_tracebacks(const std::vector<std::string>& lines);

// The index of the traceback that tells why the program failed: the last that is not aside, else the last.
std::optional<std::size_t> choose_traceback(const std::vector<Traceback>& tracebacks);

std::optional<Traceback> find_traceback(const std::vector<std::string>& lines);

// Its exception.
std::optional<std::string> find_python_exception(const std::vector<std::string>& lines);

}  // namespace smlaunch
