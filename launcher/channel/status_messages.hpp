// SPDX-License-Identifier: Apache-2.0
// What a host that does not lead asks of the leader when `smlaunch status` is typed there, and the answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace smlaunch {

enum class StatusForm { row, text, json };

struct StatusWanted {
  std::uint64_t number = 0;
  StatusForm form = StatusForm::text;
  bool stacks = false;
  bool operator==(const StatusWanted&) const = default;
};

struct StatusTold {
  std::uint64_t number = 0;  // of the question
  std::string text = {};     // in the form that was asked for
  bool operator==(const StatusTold&) const = default;
};

// Of a text that is told, in bytes: some ten thousand ranks.
inline constexpr std::size_t most_in_told_status = 4U << 20U;

std::string encode(const StatusWanted&);
std::string encode(const StatusTold&);
// Nothing for text that is not such a message.
std::optional<StatusWanted> decode_status_wanted(std::string_view text);
std::optional<StatusTold> decode_status_told(std::string_view text);

}  // namespace smlaunch
