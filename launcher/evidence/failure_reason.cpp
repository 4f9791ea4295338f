// SPDX-License-Identifier: Apache-2.0
#include "launcher/evidence/failure_reason.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "launcher/evidence/crash_words.hpp"
#include "launcher/evidence/error_line.hpp"
#include "launcher/evidence/python_reason.hpp"
#include "launcher/evidence/python_traceback.hpp"
#include "launcher/evidence/rank_prefix.hpp"
#include "launcher/evidence/torchrun_failure.hpp"

namespace smlaunch {

namespace {

using Lines = std::vector<std::string>;

// An interpreter that ends because of an exception may abort after it, within so many lines.
constexpr std::size_t way_out = 8;
constexpr std::size_t most_last_words = 4;  // lines
// A program that says "cleanup done" or "bye" has said its error at most so many lines before.
constexpr std::size_t most_after_error = 8;

bool any_of_these(std::string_view line, const auto& words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view each) { return has(line, each); });
}

bool begins_with_one_of(std::string_view line, const auto& words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view each) { return line.starts_with(each); });
}

// "│ No such option: --lr    │" -> "No such option: --lr"
std::string_view without_box(std::string_view line) {
  constexpr std::string_view bar = "│";
  line = trimmed(line);
  if (!line.starts_with(bar)) return line;
  line.remove_prefix(bar.size());
  if (line.ends_with(bar)) line.remove_suffix(bar.size());
  return trimmed(line);
}

// A rule, a frame, an arrow under a word.
bool is_drawing(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    const auto c = static_cast<unsigned char>(line[i]);
    if (std::isalnum(c) != 0) return false;
    if (c < 0x80) continue;
    // U+2500 to U+25FF
    const auto next = i + 1 < line.size() ? static_cast<unsigned char>(line[i + 1]) : 0U;
    if (c != 0xE2 || next < 0x94 || next > 0x97) return false;
    i += 2;
  }
  return true;
}

// Lines beside a failure: warnings, advice, progress, frames of other languages' stacks.
bool is_notice(std::string_view line) {
  constexpr std::array<std::string_view, 22> beginnings = {"[notice]",
                                                           "note:",
                                                           "hint:",
                                                           "×",
                                                           "╭",
                                                           "╰─>",
                                                           "WARNING",
                                                           "Warning",
                                                           "warning",
                                                           "INFO",
                                                           "DEBUG",
                                                           "wandb:",
                                                           "[W",
                                                           "at ",
                                                           "Try '",
                                                           "Type ",
                                                           "usage:",
                                                           "Usage:",
                                                           "Node.js v",
                                                           "Calls: ",
                                                           "BEGIN failed--",
                                                           "Compilation failed in require"};
  constexpr std::array<std::string_view, 8> parts = {"warnings.warn(",
                                                     "Warning: ",
                                                     "resource_tracker",
                                                     "leaked semaphore",
                                                     "HYDRA_FULL_ERROR",
                                                     "Execution halted",
                                                     "it/s]",
                                                     "%|"};
  line = trimmed(line);
  return is_drawing(line) || begins_with_one_of(line, beginnings) || any_of_these(line, parts);
}

// pip's words for a failure of a program that it has called.
bool is_vague(std::string_view text) {
  constexpr std::array<std::string_view, 5> vague = {"metadata-generation-failed", "subprocess-exited",
                                                     "legacy-install-failure", "Failed building wheel",
                                                     "Failed to build"};
  return any_of_these(text, vague);
}

// "error: metadata-generation-failed": the failure itself stands inside the output that pip shows.
void add_build_failure(Reason& reason, const Lines& lines, std::size_t before) {
  for (std::size_t i = before; i-- > 0;) {
    if (trimmed(lines[i]) != "[end of output]") continue;
    while (i > 0 && is_notice(lines[i - 1])) --i;
    if (i == 0) return;
    reason.text += fmt::format(": {}", trimmed(lines[i - 1]));
    reason.begin = std::min(reason.begin, i - 1);
    return;
  }
}

// The output that pip shows is the last there is: pip's own word stands before it.
std::optional<Reason> find_shown_output(const Lines& lines, std::size_t end) {
  if (trimmed(lines[end - 1]) != "[end of output]") return {};
  for (std::size_t i = end - 1; i-- > 0;) {
    if (!is_vague(lines[i])) continue;
    Reason reason{.text = std::string(trimmed(lines[i])), .begin = i, .end = end, .is_error = true};
    add_build_failure(reason, lines, end);
    return reason;
  }
  return {};
}

// An error line before last words that do not complain, with the lines that are indented below it.
std::optional<Reason> find_error_line(const Lines& lines, std::size_t end) {
  std::size_t passed = 0;
  for (std::size_t i = end; i-- > 0 && passed <= most_after_error;) {
    const std::string_view line = without_box(lines[i]);
    if (is_notice(line)) continue;
    ++passed;
    if (!is_error_line(line)) continue;
    Reason reason{.text = std::string(line), .begin = i, .end = i + 1, .is_error = true};
    while (reason.end < end && reason.end - i < most_last_words && lines[reason.end].starts_with(' ') &&
           !is_notice(lines[reason.end]))
      reason.text += fmt::format(" {}", trimmed(lines[reason.end++]));
    return reason;
  }
  return {};
}

// The last line that is no notice, with the lines before it that belong to it.
std::optional<Reason> find_last_words(const Lines& lines) {
  std::size_t last = lines.size();
  while (last > 0 && is_notice(without_box(lines[last - 1]))) --last;
  if (last == 0) return {};
  if (auto shown = find_shown_output(lines, last)) return shown;
  std::size_t first = last - 1;
  const auto goes_on_from_above = [&](std::size_t at) {
    if (at == 0 || is_notice(without_box(lines[at - 1]))) return false;
    const bool is_boxed = trimmed(lines[at]).starts_with("│");
    return is_boxed || lines[at].starts_with(' ') || lines[at].starts_with('\t') ||
           trimmed(lines[at - 1]).ends_with(':');
  };
  while (last - first < most_last_words && goes_on_from_above(first)) --first;
  Reason reason{.text = {}, .begin = first, .end = last};
  for (std::size_t i = first; i < last; ++i) {
    if (!reason.text.empty()) reason.text += ' ';
    reason.text += without_box(lines[i]);
  }
  reason.is_error = reads_like_error(reason.text);
  if (is_vague(reason.text)) add_build_failure(reason, lines, reason.begin);
  if (!complains(reason.text))
    if (auto error = find_error_line(lines, reason.begin)) return error;
  return reason;
}

// A CUDA kernel that failed says which of its assertions failed. The exception only says that one did.
void add_device_assertion(Reason& python, const Reason& crash) {
  const bool belongs = has(python.text, "device-side assert") && has(crash.text, "Assertion");
  if (belongs && crash.end <= python.begin) python.text += "; " + crash.text;
}

// sys.exit("lr missing") after a traceback that the program has printed itself. What another exception says on
// the way out, and what belongs to the message, is no such complaint.
void add_complaint(Reason& python, const Lines& lines) {
  const auto last = find_last_words(lines);
  if (!last || last->begin < python.end || last->end - python.end > most_after_error) return;
  const auto after = lines.begin() + static_cast<std::ptrdiff_t>(python.end);
  const bool is_of_another = std::any_of(after, lines.end(), [](const std::string& line) {
    return begins_traceback(line) || line.starts_with("Exception ignored in");
  });
  if (!is_of_another && complains(last->text) && !has(python.text, last->text))
    python.text += fmt::format("; then: {}", last->text);
}

std::optional<Reason> choose(const Lines& lines) {
  auto python = find_python_reason(lines);
  auto crash = find_crash_words(lines);
  if (!python && !crash) return find_last_words(lines);
  if (!python) return crash;
  if (!crash) {
    add_complaint(*python, lines);
    return python;
  }
  const bool is_later = crash->begin >= python->end;
  if (is_later && !(crash->may_follow && crash->begin - python->end <= way_out)) return crash;
  add_device_assertion(*python, *crash);
  return python;
}

}  // namespace

std::optional<Reason> find_reason(const Lines& lines) {
  const std::vector<bool> is_torchruns = find_torchrun_lines(lines);
  Lines plain;
  plain.reserve(lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string line = is_torchruns[i] ? std::string() : without_colours(lines[i]);
    line.erase(0, parse_rank_prefix(line).length);
    plain.push_back(std::move(line));
  }
  auto reason = choose(plain);
  if (reason) reason->text = one_line(reason->text, most_reason_bytes);
  return reason;
}

}  // namespace smlaunch
