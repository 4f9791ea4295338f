// SPDX-License-Identifier: Apache-2.0
#include "launcher/evidence/crash_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace smlaunch {

namespace {

using Lines = std::vector<std::string>;

// Lines of one message may stand so many lines apart.
constexpr std::size_t near = 8;

std::optional<std::size_t> find_near(const Lines& lines, std::size_t from, std::string_view part) {
  for (std::size_t i = from; i < lines.size() && i < from + near; ++i)
    if (has(lines[i], part)) return i;
  return {};
}

std::string_view after(std::string_view line, std::string_view part) {
  const std::size_t at = line.find(part);
  return at == std::string_view::npos ? std::string_view() : trimmed(line.substr(at + part.size()));
}

Reason at_line(std::size_t line, std::string_view text) {
  return {.text = std::string(trimmed(text)), .begin = line, .end = line + 1, .is_error = true};
}

// terminate called after throwing an instance of 'c10::Error'
//   what():  CUDA error: …
std::optional<Reason> read_terminate(const Lines& lines, std::size_t at) {
  const std::string_view line = lines[at];
  if (!line.starts_with("terminate called") && !line.starts_with("libc++abi: terminating")) return {};
  Reason reason = at_line(at, line);
  reason.may_follow = true;
  std::string_view type = after(line, "instance of '");
  type = type.substr(0, type.find('\''));
  const auto what = find_near(lines, at + 1, "what():");
  if (type.empty() || !what || *what > at + 2) return reason;
  std::string text(after(lines[*what], "what():"));
  reason.end = *what + 1;
  while (text.empty() && reason.end < lines.size() && reason.end < *what + 3)
    text = trimmed(lines[reason.end++]);
  reason.text = text.empty() ? std::string(type) : fmt::format("{}: {}", type, text);
  return reason;
}

// Fatal Python error: Segmentation fault
//
// Thread 0x… (most recent call first):           where there are several; the thread that failed comes last
//   File "loader.py", line 12 in wait
//
// Current thread 0x… (most recent call first):
//   File "train.py", line 5 in work
std::optional<Reason> read_fatal_python(const Lines& lines, std::size_t at) {
  const std::string_view line = lines[at];
  if (!line.starts_with("Fatal Python error: ")) return {};
  Reason reason = at_line(at, line);
  // A program that aborts has said why before.
  reason.may_follow = line == "Fatal Python error: Aborted";
  std::size_t thread = at + 1;
  while (thread < lines.size() && !lines[thread].starts_with("Current thread ")) ++thread;
  if (thread == lines.size()) thread = at;
  for (std::size_t i = thread + 1; i < lines.size() && i < thread + near; ++i) {
    const std::string_view frame = trimmed(lines[i]);
    if (!frame.starts_with("File \"")) continue;
    const std::size_t quote = frame.find('"', 6);
    if (quote == std::string_view::npos) break;
    const std::string_view file = frame.substr(6, quote - 6);
    reason.text += fmt::format(", at {}{}", file.substr(file.rfind('/') + 1), frame.substr(quote + 1));
    reason.end = i + 1;
    break;
  }
  return reason;
}

// thread 'main' panicked at src/main.rs:2:5:      panic: no data
// no data                                         goroutine 1 [running]:
std::optional<Reason> read_panic(const Lines& lines, std::size_t at) {
  const std::string_view line = lines[at];
  if (line.starts_with("thread '") && has(line, "panicked at ")) {
    Reason reason = at_line(at, line);
    if (line.ends_with(':') && at + 1 < lines.size()) {
      reason.text += fmt::format(" {}", trimmed(lines[at + 1]));
      reason.end = at + 2;
    }
    return reason;
  }
  if (line.starts_with("panic: ") && find_near(lines, at + 1, "goroutine ")) return at_line(at, line);
  return {};
}

// Exception in thread "main" java.lang.IllegalStateException: no data
std::optional<Reason> read_jvm(const Lines& lines, std::size_t at) {
  constexpr std::string_view mark = "Exception in thread \"";
  const std::string_view line = lines[at];
  if (!line.starts_with(mark)) return {};
  const std::string_view rest = after(line.substr(mark.size()), "\"");
  return rest.empty() ? std::optional<Reason>() : at_line(at, rest);
}

// [a:12] *** An error occurred in MPI_Send        MPI_ABORT was invoked on rank 1 in communicator …
// [a:12] *** MPI_ERR_RANK: invalid rank           with errorcode 3.
std::optional<Reason> read_mpi(const Lines& lines, std::size_t at) {
  constexpr std::string_view occurred = "*** An error occurred in ";
  const std::string_view line = lines[at];
  if (has(line, occurred)) {
    Reason reason = at_line(at, after(line, "*** "));
    if (const auto why = find_near(lines, at + 1, "*** MPI_ERR_")) {
      reason.text += fmt::format(": {}", after(lines[*why], "*** "));
      reason.end = *why + 1;
    }
    return reason;
  }
  if (!has(line, "MPI_ABORT was invoked on rank")) return {};
  Reason reason = at_line(at, line);
  reason.may_follow = true;
  const auto code = find_near(lines, at + 1, "errorcode");
  if (code && *code <= at + 2) {
    reason.text += fmt::format(" {}", trimmed(lines[*code]));
    reason.end = *code + 1;
  }
  return reason;
}

// A line that is a whole message.
std::optional<Reason> read_single(const Lines& lines, std::size_t at) {
  constexpr std::array<std::string_view, 14> beginnings = {"double free or corruption",
                                                           "free(): ",
                                                           "malloc(): ",
                                                           "malloc_consolidate",
                                                           "munmap_chunk()",
                                                           "realloc(): ",
                                                           "corrupted size",
                                                           "corrupted double-linked",
                                                           "*** stack smashing",
                                                           "*** buffer overflow",
                                                           "Fortran runtime error: ",
                                                           "forrtl: severe",
                                                           "pure virtual method called",
                                                           "ERROR: LoadError: "};
  constexpr std::array<std::string_view, 7> parts = {
      ": Assertion `",          "Check failed: ",      ": runtime error: ",
      ": No module named ",     ": can't open file '", ": error while loading shared libraries: ",
      ": symbol lookup error: "};
  const std::string_view line = lines[at];
  const auto begins = [&](std::string_view each) { return line.starts_with(each); };
  const auto holds = [&](std::string_view each) { return has(line, each); };
  if (has(line, "Error: No module named "))
    return {};  // the interpreter's own message, or a traceback, tells more
  if (has(line, "==ERROR: ")) return at_line(at, after(line, "==ERROR: "));
  if (std::any_of(parts.begin(), parts.end(), holds)) return at_line(at, line);
  if (std::none_of(beginnings.begin(), beginnings.end(), begins)) {
    // A kernel of CUDA: "loss.cu:12: nll: block: [0,0,0], thread: [3,0,0] Assertion `t >= 0` failed."
    if (!has(line, "] Assertion `") || !has(line, "failed")) return {};
  }
  return at_line(at, line);
}

std::optional<Reason> read(const Lines& lines, std::size_t at) {
  for (const auto reader : {read_terminate, read_fatal_python, read_panic, read_jvm, read_mpi, read_single})
    if (auto reason = reader(lines, at)) return reason;
  return {};
}

}  // namespace

std::optional<Reason> find_crash_words(const Lines& lines) {
  std::optional<Reason> found;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    auto next = read(lines, i);
    if (!next) continue;
    // An abort that follows from the message just before adds nothing.
    const bool adds_nothing = found && next->may_follow && i - found->end <= near;
    if (!adds_nothing) found = std::move(next);
  }
  return found;
}

}  // namespace smlaunch
