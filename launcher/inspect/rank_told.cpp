// SPDX-License-Identifier: Apache-2.0
#include "launcher/inspect/rank_told.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "launcher/inspect/stack_text.hpp"

namespace smlaunch {

namespace {

const ToldThread* main_thread(const RankTold& told) {
  const auto found = std::find_if(told.threads.begin(), told.threads.end(),
                                  [](const ToldThread& thread) { return thread.is_main; });
  return found == told.threads.end() ? nullptr : &*found;
}

// Of Python itself, or of a package that was installed.
bool is_installed(std::string_view file) {
  constexpr std::array<std::string_view, 5> parts = {"/site-packages/", "/dist-packages/", "/lib/python3",
                                                     "<frozen ", "<__array_function__"};
  return std::any_of(parts.begin(), parts.end(), [&](std::string_view part) {
    return part.front() == '<' ? file.starts_with(part) : file.find(part) != std::string_view::npos;
  });
}

}  // namespace

std::vector<std::string> stack_of(const ToldThread& thread) {
  std::vector<std::string> stack;
  for (const ToldFrame& frame : thread.frames)
    stack.push_back(fmt::format("{}:{} in {}", file_name(frame.file), frame.line, frame.function));
  return stack;
}

std::vector<std::string> main_stack(const RankTold& told) {
  const ToldThread* thread = main_thread(told);
  return thread == nullptr ? std::vector<std::string>() : stack_of(*thread);
}

std::string place_in_program(const RankTold& told) {
  const ToldThread* thread = main_thread(told);
  if (thread == nullptr || thread->frames.empty()) return "";
  const auto own = std::find_if(thread->frames.begin(), thread->frames.end(),
                                [](const ToldFrame& frame) { return !is_installed(frame.file); });
  const ToldFrame& frame = own == thread->frames.end() ? thread->frames.front() : *own;
  return fmt::format("{} ({}:{})", frame.function, file_name(frame.file), frame.line);
}

}  // namespace smlaunch
