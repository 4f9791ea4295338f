// SPDX-License-Identifier: Apache-2.0
#include "launcher/inspect/native_stack.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "launcher/inspect/stack_text.hpp"

namespace smlaunch {

namespace {

constexpr std::size_t most_threads = 4096;
constexpr std::string_view unknown = "??";

constexpr std::array<std::pair<NativeSource, std::string_view>, 5> source_words = {
    {{NativeSource::nobody, ""},
     {NativeSource::py_spy, "py-spy"},
     {NativeSource::eu_stack, "eu-stack"},
     {NativeSource::gdb, "gdb"},
     {NativeSource::kernel, "kernel"}}};

// 0: it is no number.
int number_in(std::string_view text) {
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string_view after(std::string_view text, std::string_view mark) {
  const std::size_t at = text.find(mark);
  return at == std::string_view::npos ? std::string_view() : text.substr(at + mark.size());
}

// `place`: a file of the program or of a library; empty: not known.
std::string frame_of(std::string_view place, std::string_view function) {
  // Addresses differ from process to process.
  if (function.empty() || function.starts_with("0x")) function = unknown;
  std::string frame =
      place.empty() ? std::string(function) : fmt::format("{} in {}", file_name(place), function);
  frame.resize(std::min(frame.size(), most_in_native_frame));
  return frame;
}

// "#1  0x00007f60 poll@GLIBC_2.2 - /usr/lib/libc.so.6" without its number and address: "poll@GLIBC_2.2 - …".
std::optional<std::string_view> without_number(std::string_view line) {
  if (!line.starts_with('#')) return {};
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos || number_in(line.substr(1, blank - 1)) < 0) return {};
  line = without_blanks(line.substr(blank));
  if (!line.starts_with("0x")) return line;
  return without_blanks(line.substr(std::min(line.find(' '), line.size())));
}

std::string eu_stack_frame(std::string_view line) {
  std::string_view place;
  if (const std::size_t dash = line.rfind("- /"); dash != std::string_view::npos) {
    place = line.substr(dash + 2);
    line = without_blanks(line.substr(0, dash));
  }
  // A symbol has the version of its library at its end.
  if (line.find('(') == std::string_view::npos) line = line.substr(0, line.find('@'));
  return frame_of(place, line);
}

// "in f (a=..., b=...) at send.cpp:12", "f () from /usr/lib/libmpi.so.40"
std::string gdb_frame(std::string_view line) {
  if (line.starts_with("in ")) line.remove_prefix(3);
  std::string_view place;
  for (const std::string_view mark : {") from ", ") at "}) {
    const std::size_t at = line.rfind(mark);
    if (at == std::string_view::npos) continue;
    place = line.substr(at + mark.size());
    line = line.substr(0, at + 1);
    break;
  }
  if (const std::size_t arguments = line.rfind(" ("); arguments != std::string_view::npos)
    line = line.substr(0, arguments);
  return frame_of(place, line);
}

void add_frame(std::vector<NativeThread>& threads, std::string frame) {
  if (!threads.empty() && threads.back().frames.size() < most_native_frames)
    threads.back().frames.push_back(std::move(frame));
}

// `id_of`: of a line that begins a thread. `frame`: of another line.
template <class IdOf, class Frame>
std::vector<NativeThread> parse_threads(std::string_view text, IdOf id_of, Frame frame) {
  std::vector<NativeThread> threads;
  for (const std::string_view line : text_lines(text)) {
    if (const std::optional<int> id = id_of(line)) {
      if (threads.size() == most_threads) break;
      threads.push_back({.id = *id, .frames = {}});
    } else if (std::optional<std::string> made = frame(line)) {
      add_frame(threads, std::move(*made));
    }
  }
  std::erase_if(threads, [](const NativeThread& thread) { return thread.frames.empty(); });
  return threads;
}

}  // namespace

std::string to_string(NativeSource source) {
  const auto found = std::find_if(source_words.begin(), source_words.end(),
                                  [&](const auto& each) { return each.first == source; });
  return found == source_words.end() ? "" : std::string(found->second);
}

NativeSource parse_native_source(std::string_view text) {
  const auto found = std::find_if(source_words.begin(), source_words.end(),
                                  [&](const auto& each) { return each.second == text; });
  return found == source_words.end() ? NativeSource::nobody : found->first;
}

std::vector<NativeThread> parse_py_spy_threads(std::string_view text) {
  const auto id_of = [](std::string_view line) -> std::optional<int> {
    constexpr std::string_view begin = "Thread ";
    if (!line.starts_with(begin)) return {};
    return number_in(line.substr(begin.size()));
  };
  const auto frame = [](std::string_view line) -> std::optional<std::string> {
    if (!line.starts_with(' ')) return {};
    const auto parts = parse_py_spy_frame(line);
    if (!parts) return {};
    return frame_of(parts->place, parts->function);
  };
  return parse_threads(text, id_of, frame);
}

std::vector<NativeThread> parse_eu_stack(std::string_view text) {
  const auto id_of = [](std::string_view line) -> std::optional<int> {
    if (!line.starts_with("TID ")) return {};
    return number_in(line.substr(4));
  };
  const auto frame = [](std::string_view line) -> std::optional<std::string> {
    const auto rest = without_number(line);
    return rest ? std::optional(eu_stack_frame(*rest)) : std::nullopt;
  };
  return parse_threads(text, id_of, frame);
}

std::vector<NativeThread> parse_gdb_threads(std::string_view text) {
  const auto id_of = [](std::string_view line) -> std::optional<int> {
    if (!line.starts_with("Thread ")) return {};
    return number_in(after(line, "LWP "));
  };
  const auto frame = [](std::string_view line) -> std::optional<std::string> {
    const auto rest = without_number(line);
    return rest ? std::optional(gdb_frame(*rest)) : std::nullopt;
  };
  return parse_threads(text, id_of, frame);
}

std::vector<NativeStack> join_threads(std::vector<NativeThread> threads, int main_thread) {
  std::stable_partition(threads.begin(), threads.end(),
                        [&](const NativeThread& thread) { return thread.id == main_thread; });
  std::vector<NativeStack> stacks;
  for (NativeThread& thread : threads) {
    thread.frames.resize(std::min(thread.frames.size(), most_native_frames));
    const auto known = std::find_if(stacks.begin(), stacks.end(),
                                    [&](const NativeStack& stack) { return stack.frames == thread.frames; });
    if (known != stacks.end())
      ++known->threads;
    else
      stacks.push_back({.threads = 1, .frames = std::move(thread.frames)});
  }
  if (!stacks.empty())
    std::stable_sort(stacks.begin() + 1, stacks.end(),
                     [](const NativeStack& a, const NativeStack& b) { return a.threads > b.threads; });
  stacks.resize(std::min(stacks.size(), most_native_stacks));
  return stacks;
}

std::size_t size_of(const std::vector<NativeStack>& stacks) {
  std::size_t size = 0;
  for (const NativeStack& stack : stacks)
    for (const std::string& frame : stack.frames) size += frame.size();
  return size;
}

}  // namespace smlaunch
