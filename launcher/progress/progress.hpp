// SPDX-License-Identifier: Apache-2.0
// The room launcher/progress: what ranks say of their progress, by lines that they append to a file or by lines that
// they print, and when their silence is one. It promises that foreign lines are bounded and that nothing here makes a
// rank wait. It touches the file that a rank appends to.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace smlaunch {

// What a rank wants of us: `smlaunch=stop` and so on in a heartbeat line. It decides what follows the end of the try.
enum class Ask { stop, restart, exclude_host };
std::string to_string(Ask ask);  // as the line has it
std::optional<Ask> parse_ask(std::string_view text);

using ProgressValues = std::map<std::string, double>;

// What a rank has said since it was asked last: heartbeats may be many, and of each value the last counts.
struct Progress {
  std::uint64_t beats = 0;
  ProgressValues values = {};
  std::optional<Ask> ask = {};
  bool operator==(const Progress&) const = default;
  [[nodiscard]] bool empty() const { return beats == 0; }
  // It tells what is to follow, and nothing of progress.
  [[nodiscard]] bool is_only_a_wish() const { return ask && beats == 1 && values.empty(); }
  void add(Progress later);
};

// No more values are kept of a rank, so that a program which makes up names costs nothing.
inline constexpr std::size_t most_progress_values = 32;
inline constexpr std::string_view step_value = "step";

// "step=120 loss=2.1", the step first; a whole number without a fraction.
std::string in_words(const ProgressValues& values);

}  // namespace smlaunch
