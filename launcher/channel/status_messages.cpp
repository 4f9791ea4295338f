// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/status_messages.hpp"

#include "launcher/channel/message_pack.hpp"

namespace smlaunch {

using Json = nlohmann::json;

std::string encode(const StatusWanted& m) {
  return pack({{"number", m.number}, {"form", static_cast<int>(m.form)}, {"stacks", m.stacks}});
}

std::optional<StatusWanted> decode_status_wanted(std::string_view text) {
  return unpack<StatusWanted>(text, [](const Json& j, StatusWanted& m) {
    take_number(j.at("number"), m.number);
    int form = 0;
    take_number(j.at("form"), form, 0, static_cast<int>(StatusForm::json));
    m.form = static_cast<StatusForm>(form);
    j.at("stacks").get_to(m.stacks);
  });
}

std::string encode(const StatusTold& m) { return pack({{"number", m.number}, {"text", m.text}}); }

std::optional<StatusTold> decode_status_told(std::string_view text) {
  return unpack<StatusTold>(text, [](const Json& j, StatusTold& m) {
    take_number(j.at("number"), m.number);
    j.at("text").get_to(m.text);
  });
}

}  // namespace smlaunch
