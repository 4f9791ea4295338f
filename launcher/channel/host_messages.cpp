// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/host_messages.hpp"

#include "launcher/channel/message_pack.hpp"

namespace smlaunch {

using Json = nlohmann::json;

namespace {

Json pack_status(const std::optional<ExitStatus>& status) {
  if (!status) return nullptr;
  if (const auto* exited = std::get_if<Exited>(&*status)) return {{"code", exited->code}};
  return {{"signal", std::get<Signaled>(*status).signal}};
}

std::optional<ExitStatus> take_status(const Json& json) {
  if (json.is_null()) return {};
  int number = 0;
  if (json.contains("signal")) {
    take_number(json.at("signal"), number, 1, most_signal);
    return Signaled{number, false};
  }
  take_number(json.at("code"), number, 0, most_exit_code);
  return Exited{number};
}

}  // namespace

std::string encode(const StartAgents& m) {
  return pack({{"set", m.set},
               {"ranks", m.ranks},
               {"job", m.job},
               {"token", m.token},
               {"leader_host", m.leader_host},
               {"working_directory", m.working_directory},
               {"program", m.program},
               {"names_interface", m.names_interface},
               {"secrets", m.secrets}});
}

std::optional<StartAgents> decode_start_agents(std::string_view text) {
  return unpack<StartAgents>(text, [](const Json& j, StartAgents& m) {
    take_number(j.at("set"), m.set, 1);
    for (const Json& rank : j.at("ranks")) take_number(rank, m.ranks.emplace_back(), 0);
    j.at("job").get_to(m.job);
    j.at("token").get_to(m.token);
    j.at("leader_host").get_to(m.leader_host);
    j.at("working_directory").get_to(m.working_directory);
    j.at("program").get_to(m.program);
    j.at("names_interface").get_to(m.names_interface);
    j.at("secrets").get_to(m.secrets);
  });
}

std::string encode(const SignalAgents& m) {
  return pack({{"set", m.set}, {"signal", m.signal}, {"number", m.number}, {"job", m.job}});
}

std::optional<SignalAgents> decode_signal_agents(std::string_view text) {
  return unpack<SignalAgents>(text, [](const Json& j, SignalAgents& m) {
    take_number(j.at("set"), m.set, 1);
    take_number(j.at("signal"), m.signal, 1, most_signal);
    take_number(j.at("number"), m.number, 1);
    j.at("job").get_to(m.job);
  });
}

std::string encode(const AgentsEnded& m) {
  Json json = {{"set", m.set}, {"status", Json::array()}, {"job", m.job}};
  if (m.failure) json["failure"] = *m.failure;
  for (const auto& status : m.status) json["status"].push_back(pack_status(status));
  return pack(json);
}

std::optional<AgentsEnded> decode_agents_ended(std::string_view text) {
  return unpack<AgentsEnded>(text, [](const Json& j, AgentsEnded& m) {
    take_number(j.at("set"), m.set, 1);
    if (j.contains("failure")) m.failure = j.at("failure").get<std::string>();
    for (const Json& status : j.at("status")) m.status.push_back(take_status(status));
    j.at("job").get_to(m.job);
  });
}

std::string encode(const Refusal& m) { return pack({{"reason", m.reason}, {"may_pass", m.may_pass}}); }

std::optional<Refusal> decode_refusal(std::string_view text) {
  return unpack<Refusal>(text, [](const Json& j, Refusal& m) {
    j.at("reason").get_to(m.reason);
    j.at("may_pass").get_to(m.may_pass);
  });
}

}  // namespace smlaunch
