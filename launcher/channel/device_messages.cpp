// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/device_messages.hpp"

#include <algorithm>
#include <cstddef>

#include "base/shown_text.hpp"
#include "launcher/channel/message_pack.hpp"

namespace smlaunch {

using Json = nlohmann::json;

namespace {

constexpr std::size_t most_events = 16;
// A name may be a path. shown_text() adds some words where it leaves out the middle.
constexpr std::size_t longest_name = 256;
constexpr std::size_t longest_text = 512;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; }

// It becomes a part of one line.
std::string as_part_of_line(const std::string& text, std::size_t longest) {
  std::string shown = shown_text(text, longest / 2);
  std::replace_if(shown.begin(), shown.end(), is_control, ' ');
  return shown;
}

std::string take_text(const Json& json, std::size_t longest) {
  auto text = json.get<std::string>();
  if (text.size() > longest || std::any_of(text.begin(), text.end(), is_control)) throw NumberRefused();
  return text;
}

}  // namespace

std::string encode(const DeviceNews& m) {
  Json events = Json::array();
  for (std::size_t i = 0; i < std::min(m.events.size(), most_events); ++i) {
    const DeviceEvent& each = m.events[i];
    events.push_back({to_string(each.kind), as_part_of_line(each.device, longest_name), each.pci,
                      as_part_of_line(each.text, longest_text), each.is_lasting, each.is_no_reason});
  }
  return pack({{"since_ns", m.since_ns}, {"time_ns", m.time_ns}, {"events", events}});
}

std::optional<DeviceNews> decode_device_news(std::string_view text) {
  return unpack<DeviceNews>(text, [](const Json& j, DeviceNews& m) {
    take_number(j.at("since_ns"), m.since_ns);
    take_number(j.at("time_ns"), m.time_ns, m.since_ns);
    const Json& events = j.at("events");
    if (!events.is_array() || events.empty() || events.size() > most_events) throw NumberRefused();
    for (const Json& each : events) {
      const auto kind = parse_device_kind(each.at(0).get<std::string>());
      if (!kind) throw NumberRefused();
      m.events.push_back({.kind = *kind,
                          .device = take_text(each.at(1), longest_name),
                          .pci = take_text(each.at(2), longest_name),
                          .text = take_text(each.at(3), longest_text),
                          .is_lasting = each.at(4).get<bool>(),
                          .is_no_reason = each.at(5).get<bool>()});
    }
  });
}

}  // namespace smlaunch
