// SPDX-License-Identifier: Apache-2.0
// What messages between our own processes are packed in: MessagePack, by way of JSON. What comes in is held
// to bounds: how deep it is nested, since the parser recurses, and which numbers a field may have.
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace smlaunch {

inline std::string pack(const nlohmann::json& json) {
  std::string out;
  nlohmann::json::to_msgpack(json, out);
  return out;
}

// No message of ours is nested deeper: an object of lists of objects of lists.
inline constexpr int deepest_message = 6;

// True: it is MessagePack, and not nested deeper than that.
bool is_flat_message_pack(std::string_view text);

// A number that its field may not have.
struct NumberRefused {};

template <class Number>
void take_number(const nlohmann::json& json, Number& to,
                 std::type_identity_t<Number> least = std::numeric_limits<Number>::min(),
                 std::type_identity_t<Number> most = std::numeric_limits<Number>::max()) {
  const auto take = [&](auto number) {
    if (!std::in_range<Number>(number)) throw NumberRefused();
    to = static_cast<Number>(number);
    if (to < least || to > most) throw NumberRefused();
  };
  if (json.is_number_unsigned()) return take(json.get<std::uint64_t>());
  if (!json.is_number_integer()) throw NumberRefused();
  take(json.get<std::int64_t>());
}

// What `read` makes of it. Nothing for what is no MessagePack, or not what `read` expects.
template <class Message, class Read>
std::optional<Message> unpack(std::string_view text, Read read) {
  if (!is_flat_message_pack(text)) return {};
  try {
    Message message;
    read(nlohmann::json::from_msgpack(text), message);
    return message;
  } catch (const nlohmann::json::exception&) {
    return {};
  } catch (const NumberRefused&) {
    return {};
  }
}

}  // namespace smlaunch
