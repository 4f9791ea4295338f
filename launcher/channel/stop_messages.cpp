// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/stop_messages.hpp"

#include "launcher/channel/message_pack.hpp"
#include "launcher/process/exit_status.hpp"

namespace smlaunch {

using Json = nlohmann::json;

std::string encode(const PassedSignal& m) { return pack({{"number", m.number}, {"signal", m.signal}}); }

std::optional<PassedSignal> decode_passed_signal(std::string_view text) {
  return unpack<PassedSignal>(text, [](const Json& j, PassedSignal& m) {
    take_number(j.at("number"), m.number);
    take_number(j.at("signal"), m.signal, 1, most_signal);
  });
}

std::string encode(const Release& m) {
  return pack({{"leftover_milliseconds", m.leftover_milliseconds},
               {"grace_milliseconds", m.grace_milliseconds},
               {"ends_daemon", m.ends_daemon}});
}

std::optional<Release> decode_release(std::string_view text) {
  return unpack<Release>(text, [](const Json& j, Release& m) {
    take_number(j.at("leftover_milliseconds"), m.leftover_milliseconds, 0);
    take_number(j.at("grace_milliseconds"), m.grace_milliseconds, 0);
    j.at("ends_daemon").get_to(m.ends_daemon);
  });
}

std::string encode(const LeftRunning& m) {
  Json processes = Json::array();
  for (const LeftProcess& each : m.processes) {
    processes.push_back({{"pid", each.pid}, {"command", each.command}});
    if (each.rank) processes.back()["rank"] = *each.rank;
  }
  return pack({{"processes", processes}});
}

std::optional<LeftRunning> decode_left_running(std::string_view text) {
  return unpack<LeftRunning>(text, [](const Json& j, LeftRunning& m) {
    for (const Json& each : j.at("processes")) {
      LeftProcess process;
      take_number(each.at("pid"), process.pid, 0);
      each.at("command").get_to(process.command);
      if (each.contains("rank")) take_number(each["rank"], process.rank.emplace(), 0);
      m.processes.push_back(std::move(process));
    }
  });
}

}  // namespace smlaunch
