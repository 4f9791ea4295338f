// SPDX-License-Identifier: Apache-2.0
// Objects of JSON that others have written: ranks' processes, NCCL.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

namespace smlaunch {

// Nothing: the text is no object, or is nested deeper than `deepest`. What writes JSON calls itself as often.
inline std::optional<nlohmann::json> parse_flat(std::string_view text, int deepest) {
  bool is_flat = true;
  nlohmann::json json = nlohmann::json::parse(
      text,
      [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
        is_flat = is_flat && depth <= deepest;
        return is_flat;
      },
      false);
  if (!is_flat || !json.is_object()) return {};
  return json;
}

// null where `object` is none or has no such member.
inline const nlohmann::json& member(const nlohmann::json& object, const char* name) {
  static const nlohmann::json none;
  if (!object.is_object()) return none;
  const auto found = object.find(name);
  return found == object.end() ? none : *found;
}

}  // namespace smlaunch
