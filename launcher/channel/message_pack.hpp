// SPDX-License-Identifier: Apache-2.0
// What messages between our own processes are packed in: MessagePack, by way of JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace smlaunch {

inline std::string pack(const nlohmann::json& json) {
  std::string out;
  nlohmann::json::to_msgpack(json, out);
  return out;
}

// What `read` makes of it. Nothing for what is no MessagePack, or not what `read` expects.
template <class Message, class Read>
std::optional<Message> unpack(std::string_view text, Read read) {
  try {
    Message message;
    read(nlohmann::json::from_msgpack(text), message);
    return message;
  } catch (const nlohmann::json::exception&) {
    return {};
  }
}

}  // namespace smlaunch
