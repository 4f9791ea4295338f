// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/starter_messages.hpp"

#include "launcher/channel/message_pack.hpp"

namespace smlaunch {

using Json = nlohmann::json;

std::string encode(const StarterRankNews& m) {
  Json json = {{"rank", m.rank},
               {"pid", m.pid},
               {"time_ns", m.time_ns},
               {"has_ended", m.has_ended},
               {"is_final", m.is_final}};
  if (!m.status) return pack(json);
  if (const auto* signaled = std::get_if<Signaled>(&*m.status)) {
    json["signal"] = signaled->signal;
    json["core_dumped"] = signaled->core_dumped;
  } else {
    json["exit_code"] = std::get<Exited>(*m.status).code;
  }
  return pack(json);
}

std::optional<StarterRankNews> decode_starter_rank(std::string_view text) {
  return unpack<StarterRankNews>(text, [](const Json& j, StarterRankNews& m) {
    take_number(j.at("rank"), m.rank, 0);
    take_number(j.at("pid"), m.pid, 1);
    take_number(j.at("time_ns"), m.time_ns);
    j.at("has_ended").get_to(m.has_ended);
    j.at("is_final").get_to(m.is_final);
    if (j.contains("signal")) {
      Signaled signaled{.signal = 0, .core_dumped = j.at("core_dumped").get<bool>()};
      take_number(j["signal"], signaled.signal, 1, most_signal);
      m.status = signaled;
    } else if (j.contains("exit_code")) {
      Exited exited;
      take_number(j["exit_code"], exited.code, 0, most_exit_code);
      m.status = exited;
    }
  });
}

}  // namespace smlaunch
