// SPDX-License-Identifier: Apache-2.0
#include "launcher/inspect/rank_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "launcher/inspect/stack_text.hpp"

namespace smlaunch {

namespace {

// "    wait (threading.py:327)" -> "threading.py:327 in wait"
std::optional<std::string> py_spy_frame(std::string_view line) {
  const auto parts = parse_py_spy_frame(line);
  if (!parts) return {};
  return fmt::format("{} in {}", file_name(parts->place), parts->function);
}

// "  File "/a/train.py", line 5 in load" -> "train.py:5 in load"
std::optional<std::string> faulthandler_frame(std::string_view line) {
  constexpr std::string_view begin = "  File \"";
  constexpr std::string_view middle = "\", line ";
  if (!line.starts_with(begin)) return {};
  const std::size_t at = line.rfind(middle);
  if (at == std::string_view::npos || at < begin.size()) return {};
  const std::string_view rest = line.substr(at + middle.size());  // "5 in load"
  const std::size_t blank = rest.find(' ');
  if (blank == std::string_view::npos) return {};
  return fmt::format("{}:{}{}", file_name(line.substr(begin.size(), at - begin.size())),
                     rest.substr(0, blank), without_blanks(rest).substr(blank));
}

std::string state_in_words(char state) {
  switch (state) {
    case 'R': return "running";
    case 'S': return "sleeping";
    case 'D': return "in uninterruptible sleep";
    case 'T':
    case 't': return "stopped";
    case 'Z': return "a zombie";
    default: return fmt::format("in state {}", state);
  }
}

// Null: it is gone.
const ProcessState* primary_of(const RankState& state) {
  const auto primary = static_cast<std::size_t>(state.primary);
  return primary < state.processes.size() ? &state.processes[primary] : nullptr;
}

}  // namespace

std::string place_in_words(const RankState& state) {
  const ProcessState* process = primary_of(state);
  if (process == nullptr) return "gone";
  if (!process->python_stack.empty()) return process->python_stack.front();
  std::string words = state_in_words(process->state);
  if (!process->wait_channel.empty()) words += " in " + process->wait_channel;
  return words;
}

bool stands_in_python(const RankState& state) {
  const ProcessState* process = primary_of(state);
  return process != nullptr && !process->python_stack.empty();
}

bool is_stopped(const RankState& state) {
  const ProcessState* process = primary_of(state);
  return process != nullptr && (process->state == 'T' || process->state == 't');
}

std::string primary_state_in_words(const RankState& state) {
  const ProcessState* process = primary_of(state);
  return process == nullptr ? "gone" : state_in_words(process->state);
}

std::vector<std::string> parse_py_spy_dump(std::string_view text) {
  std::vector<std::string> frames;
  bool in_thread = false;
  bool is_main = false;
  for (const std::string_view line : text_lines(text)) {
    if (line.starts_with("Thread ")) {
      // The first thread counts, unless a thread is named as the main one.
      if (is_main) break;
      is_main = line.find("\"MainThread\"") != std::string_view::npos;
      in_thread = is_main || frames.empty();
      if (is_main) frames.clear();
      continue;
    }
    if (!in_thread || !line.starts_with(' ')) continue;
    if (auto frame = py_spy_frame(line)) frames.push_back(std::move(*frame));
  }
  return frames;
}

std::vector<std::string> parse_faulthandler(const std::vector<std::string>& lines) {
  std::vector<std::string> frames;
  bool in_thread = false;
  for (const std::string& line : lines) {
    const bool is_current =
        line.starts_with("Current thread ") || line.starts_with("Stack (most recent call");
    if (is_current || line.starts_with("Thread 0x")) {
      in_thread = is_current;
      if (is_current) frames.clear();
      continue;
    }
    if (!in_thread) continue;
    if (auto frame = faulthandler_frame(line))
      frames.push_back(std::move(*frame));
    else
      in_thread = false;
  }
  return frames;
}

}  // namespace smlaunch
