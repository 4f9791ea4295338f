// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/progress_messages.hpp"

#include "launcher/channel/message_pack.hpp"
#include "launcher/progress/heartbeat_line.hpp"

namespace smlaunch {

using Json = nlohmann::json;

namespace {

constexpr const char* only_look = "look";
constexpr const char* close_look = "look closely";
constexpr const char* with_nccl = "nccl";

}  // namespace

std::string encode(Inspection how) {
  switch (how) {
    case Inspection::look: return only_look;
    case Inspection::look_closely: return close_look;
    case Inspection::ask_nccl: return with_nccl;
    case Inspection::ask: break;
  }
  return "";
}

Inspection decode_inspection(std::string_view text) {
  if (text == only_look) return Inspection::look;
  if (text == close_look) return Inspection::look_closely;
  return text == with_nccl ? Inspection::ask_nccl : Inspection::ask;
}

std::string encode(const ProgressReport& m) {
  return pack({{"time_ns", m.time_ns},
               {"beats", m.progress.beats},
               {"values", m.progress.values},
               {"ask", m.progress.ask ? to_string(*m.progress.ask) : ""}});
}

std::optional<ProgressReport> decode_progress(std::string_view text) {
  return unpack<ProgressReport>(text, [](const Json& j, ProgressReport& m) {
    take_number(j.at("time_ns"), m.time_ns);
    take_number(j.at("beats"), m.progress.beats, 1);
    j.at("values").get_to(m.progress.values);
    if (m.progress.values.size() > most_progress_values) throw NumberRefused();
    for (const auto& [name, value] : m.progress.values)
      if (!is_progress_name(name)) throw NumberRefused();
    const auto ask = j.at("ask").get<std::string>();
    m.progress.ask = parse_ask(ask);
    if (!ask.empty() && !m.progress.ask) throw NumberRefused();
  });
}

}  // namespace smlaunch
