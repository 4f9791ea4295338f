// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/stop_messages.hpp"

#include "launcher/channel/message_pack.hpp"

namespace smlaunch {

using Json = nlohmann::json;

std::string encode(const PassedSignal& m) { return pack({{"number", m.number}, {"signal", m.signal}}); }

std::optional<PassedSignal> decode_passed_signal(std::string_view text) {
  return unpack<PassedSignal>(text, [](const Json& j, PassedSignal& m) {
    j.at("number").get_to(m.number);
    j.at("signal").get_to(m.signal);
  });
}

std::string encode(const Release& m) {
  return pack(
      {{"leftover_milliseconds", m.leftover_milliseconds}, {"grace_milliseconds", m.grace_milliseconds}});
}

std::optional<Release> decode_release(std::string_view text) {
  return unpack<Release>(text, [](const Json& j, Release& m) {
    j.at("leftover_milliseconds").get_to(m.leftover_milliseconds);
    j.at("grace_milliseconds").get_to(m.grace_milliseconds);
  });
}

std::string encode(const LeftRunning& m) {
  Json processes = Json::array();
  for (const LeftProcess& each : m.processes)
    processes.push_back({{"pid", each.pid}, {"command", each.command}});
  return pack({{"processes", processes}});
}

std::optional<LeftRunning> decode_left_running(std::string_view text) {
  return unpack<LeftRunning>(text, [](const Json& j, LeftRunning& m) {
    for (const Json& each : j.at("processes"))
      m.processes.push_back({each.at("pid").get<int>(), each.at("command").get<std::string>()});
  });
}

}  // namespace smlaunch
