// SPDX-License-Identifier: Apache-2.0
// MessagePack rather than JSON text: values of variables and lines of output may hold any byte and must
// arrive unchanged.
#include "launcher/channel/messages.hpp"

#include <charconv>

#include "launcher/channel/message_pack.hpp"

namespace smlaunch {

using Json = nlohmann::json;

namespace {

constexpr int most_port = 65535;
constexpr int most_node_rank = 1'000'000;

// A word that is not known is that of another version, which is refused by its hello.
MachineFinding take_finding(const Json& json) {
  MachineFinding finding{.is_warning = true};
  finding.kind = parse_finding_kind(json.at(0).get<std::string>()).value_or(FindingKind::other);
  json.at(1).get_to(finding.subject);
  take_number(json.at(2), finding.count, 0);
  take_number(json.at(3), finding.total, 0);
  finding.because.kind = parse_unusable_kind(json.at(4).get<std::string>()).value_or(UnusableKind::other);
  json.at(5).get_to(finding.because.words);
  return finding;
}

BindingNote take_note(const Json& json) {
  BindingNote note;
  note.kind = parse_binding_note_kind(json.at(0).get<std::string>()).value_or(BindingNoteKind::not_read);
  json.at(1).get_to(note.asked);
  json.at(2).get_to(note.given);
  take_number(json.at(3), note.error, 0);
  return note;
}

}  // namespace

std::string encode(const Hello& m) {
  Json json = {{"version", m.version},       {"host", m.host},        {"peer", m.peer}, {"pid", m.pid},
               {"local_rank", m.local_rank}, {"instance", m.instance}};
  if (m.node_rank) json["node_rank"] = *m.node_rank;
  if (m.nodes) json["nodes"] = *m.nodes;
  if (m.master_port) json["master_port"] = *m.master_port;
  if (m.gpus) json["gpus"] = *m.gpus;
  if (m.cpus) json["cpus"] = *m.cpus;
  for (const Trait& trait : m.traits)
    json["traits"].push_back({trait.name, trait.value, trait.of_equal_only, trait.is_short});
  for (const MachineFinding& each : m.warnings)
    json["findings"].push_back({to_string(each.kind), each.subject, each.count, each.total,
                                to_string(each.because.kind), each.because.words});
  if (m.online_cpus) json["online_cpus"] = *m.online_cpus;
  return pack(json);
}

std::optional<Hello> decode_hello(std::string_view text) {
  return unpack<Hello>(text, [](const Json& j, Hello& m) {
    j.at("version").get_to(m.version);
    j.at("host").get_to(m.host);
    take_number(j.at("peer"), m.peer, 0);
    take_number(j.at("local_rank"), m.local_rank, 0);
    take_number(j.at("pid"), m.pid, 0);
    if (j.contains("instance")) j["instance"].get_to(m.instance);
    if (j.contains("node_rank")) take_number(j["node_rank"], m.node_rank.emplace(), 0, most_node_rank);
    if (j.contains("nodes")) take_number(j["nodes"], m.nodes.emplace(), 1, most_node_rank);
    if (j.contains("master_port")) take_number(j["master_port"], m.master_port.emplace(), 1, most_port);
    if (j.contains("gpus")) take_number(j["gpus"], m.gpus.emplace(), 0);
    if (j.contains("cpus")) take_number(j["cpus"], m.cpus.emplace(), 0);
    if (j.contains("traits"))
      for (const Json& each : j["traits"])
        m.traits.push_back({each.at(0).get<std::string>(), each.at(1).get<std::string>(),
                            each.at(2).get<bool>(), each.at(3).get<bool>()});
    if (j.contains("findings"))
      for (const Json& each : j["findings"]) m.warnings.push_back(take_finding(each));
    if (j.contains("online_cpus")) take_number(j["online_cpus"], m.online_cpus.emplace(), 0);
  });
}

std::string encode(const Welcome& m) { return pack({{"received", m.received}, {"token", m.token}}); }

std::optional<Welcome> decode_welcome(std::string_view text) {
  return unpack<Welcome>(text, [](const Json& j, Welcome& m) {
    take_number(j.at("received"), m.received);
    if (j.contains("token")) j["token"].get_to(m.token);
  });
}

std::string encode(const Start& m) {
  return pack({{"variables", m.variables},
               {"default_variables", m.default_variables},
               {"user_variables", m.user_variables},
               {"removed_variables", m.removed_variables},
               {"leader_environment", m.leader_environment},
               {"working_directory", m.working_directory},
               {"python_path", m.python_path},
               {"command_file", m.command_file},
               {"program", m.program},
               {"cpus", m.cpus},
               {"numa", m.numa},
               {"own_bind", m.own_bind},
               {"local_ranks", m.local_ranks},
               {"forward_output", m.forward_output},
               {"progress_pattern", m.progress_pattern},
               {"flight_recorder", m.flight_recorder},
               {"is_starter", m.is_starter},
               {"first_rank", m.first_rank},
               {"rank_cpus", m.rank_cpus},
               {"rank_numa", m.rank_numa},
               {"rank_bind", m.rank_bind},
               {"grace_milliseconds", m.grace_milliseconds},
               {"lost_after_milliseconds", m.lost_after_milliseconds},
               {"leader_wait_milliseconds", m.leader_wait_milliseconds},
               {"hand_over", m.hand_over},
               {"has_input", m.has_input}});
}

std::optional<Start> decode_start(std::string_view text) {
  return unpack<Start>(text, [](const Json& j, Start& m) {
    j.at("variables").get_to(m.variables);
    j.at("default_variables").get_to(m.default_variables);
    j.at("user_variables").get_to(m.user_variables);
    j.at("removed_variables").get_to(m.removed_variables);
    j.at("leader_environment").get_to(m.leader_environment);
    j.at("working_directory").get_to(m.working_directory);
    j.at("python_path").get_to(m.python_path);
    j.at("command_file").get_to(m.command_file);
    j.at("program").get_to(m.program);
    j.at("cpus").get_to(m.cpus);
    j.at("numa").get_to(m.numa);
    j.at("own_bind").get_to(m.own_bind);
    take_number(j.at("local_ranks"), m.local_ranks, 0);
    j.at("forward_output").get_to(m.forward_output);
    j.at("progress_pattern").get_to(m.progress_pattern);
    j.at("flight_recorder").get_to(m.flight_recorder);
    j.at("is_starter").get_to(m.is_starter);
    take_number(j.at("first_rank"), m.first_rank, 0);
    j.at("rank_cpus").get_to(m.rank_cpus);
    j.at("rank_numa").get_to(m.rank_numa);
    j.at("rank_bind").get_to(m.rank_bind);
    take_number(j.at("grace_milliseconds"), m.grace_milliseconds, 0);
    take_number(j.at("lost_after_milliseconds"), m.lost_after_milliseconds, 0);
    take_number(j.at("leader_wait_milliseconds"), m.leader_wait_milliseconds, 0);
    j.at("hand_over").get_to(m.hand_over);
    j.at("has_input").get_to(m.has_input);
  });
}

std::string encode(const Input& m) { return pack({{"number", m.number}, {"text", m.text}}); }

std::optional<Input> decode_input(std::string_view text) {
  return unpack<Input>(text, [](const Json& j, Input& m) {
    take_number(j.at("number"), m.number);
    j.at("text").get_to(m.text);
  });
}

std::string encode(const Started& m) {
  Json notes = Json::array();
  for (const BindingNote& each : m.binding_notes)
    notes.push_back({to_string(each.kind), each.asked, each.given, each.error});
  return pack({{"pid", m.pid},
               {"time_ns", m.time_ns},
               {"cpus", m.cpus},
               {"numa", m.numa},
               {"chosen_cpus", m.chosen_cpus},
               {"host_cpus", m.host_cpus},
               {"host_gpus", m.host_gpus},
               {"binding_notes", notes}});
}

std::optional<Started> decode_started(std::string_view text) {
  return unpack<Started>(text, [](const Json& j, Started& m) {
    take_number(j.at("pid"), m.pid, 0);
    take_number(j.at("time_ns"), m.time_ns);
    j.at("cpus").get_to(m.cpus);
    j.at("numa").get_to(m.numa);
    j.at("chosen_cpus").get_to(m.chosen_cpus);
    take_number(j.at("host_cpus"), m.host_cpus, 0);
    take_number(j.at("host_gpus"), m.host_gpus, 0);
    for (const Json& each : j.at("binding_notes")) m.binding_notes.push_back(take_note(each));
  });
}

std::string encode(const Ended& m) {
  const RankEnd& end = m.end;
  Json json = {{"time_ns", m.time_ns},
               {"waited_ns", m.waited_ns},
               {"traceback_ns", m.traceback_ns},
               {"told_to_stop", end.told_to_stop},
               {"last_lines", end.last_lines},
               {"oom_kills", end.oom_kills},
               {"earlier_oom_kills", end.earlier_oom_kills}};
  if (end.failed_rank) json["failed_rank"] = *end.failed_rank;
  if (const auto* signaled = std::get_if<Signaled>(&end.status)) {
    json["signal"] = signaled->signal;
    json["core_dumped"] = signaled->core_dumped;
  } else {
    json["exit_code"] = std::get<Exited>(end.status).code;
  }
  return pack(json);
}

std::optional<Ended> decode_ended(std::string_view text) {
  return unpack<Ended>(text, [](const Json& j, Ended& m) {
    take_number(j.at("time_ns"), m.time_ns);
    take_number(j.at("waited_ns"), m.waited_ns);
    take_number(j.at("traceback_ns"), m.traceback_ns);
    j.at("told_to_stop").get_to(m.end.told_to_stop);
    j.at("last_lines").get_to(m.end.last_lines);
    take_number(j.at("oom_kills"), m.end.oom_kills, 0);
    take_number(j.at("earlier_oom_kills"), m.end.earlier_oom_kills, 0);
    if (j.contains("failed_rank")) take_number(j["failed_rank"], m.end.failed_rank.emplace(), 0);
    if (j.contains("signal")) {
      Signaled signaled{.signal = 0, .core_dumped = j.at("core_dumped").get<bool>()};
      take_number(j["signal"], signaled.signal, 1, most_signal);
      m.end.status = signaled;
    } else {
      Exited exited;
      take_number(j.at("exit_code"), exited.code, 0, most_exit_code);
      m.end.status = exited;
    }
  });
}

std::string encode(const Pong& m) {
  return pack({{"leader_ns", m.leader_ns},
               {"agent_ns", m.agent_ns},
               {"output_ns", m.output_ns},
               {"cpu_ns", m.cpu_ns}});
}

std::optional<Pong> decode_pong(std::string_view text) {
  return unpack<Pong>(text, [](const Json& j, Pong& m) {
    take_number(j.at("leader_ns"), m.leader_ns);
    take_number(j.at("agent_ns"), m.agent_ns);
    take_number(j.at("output_ns"), m.output_ns);
    take_number(j.at("cpu_ns"), m.cpu_ns);
  });
}

std::string encode(const JobEnd& m) {
  return pack({{"kind", m.kind},
               {"exit_code", m.exit_code},
               {"message", m.message},
               {"failure", m.failure},
               {"plan_hash", m.plan_hash}});
}

std::optional<JobEnd> decode_job_end(std::string_view text) {
  return unpack<JobEnd>(text, [](const Json& j, JobEnd& m) {
    j.at("kind").get_to(m.kind);
    take_number(j.at("exit_code"), m.exit_code, 0, most_exit_code);
    j.at("message").get_to(m.message);
    j.at("failure").get_to(m.failure);
    j.at("plan_hash").get_to(m.plan_hash);
  });
}

std::string encode(const HandOver& m) {
  return pack({{"channel_host", m.channel_host},
               {"channel_port", m.channel_port},
               {"token", m.token},
               {"job", m.job},
               {"world_size", m.world_size},
               {"hosts", m.hosts},
               {"plan_hash", m.plan_hash},
               {"first_node_rank", m.first_node_rank}});
}

std::optional<HandOver> decode_hand_over(std::string_view text) {
  return unpack<HandOver>(text, [](const Json& j, HandOver& m) {
    j.at("channel_host").get_to(m.channel_host);
    take_number(j.at("channel_port"), m.channel_port, 0, most_port);
    j.at("token").get_to(m.token);
    j.at("job").get_to(m.job);
    take_number(j.at("world_size"), m.world_size, 0);
    j.at("hosts").get_to(m.hosts);
    j.at("plan_hash").get_to(m.plan_hash);
    take_number(j.at("first_node_rank"), m.first_node_rank, 0);
  });
}

std::string encode_number(std::uint64_t number) { return std::to_string(number); }

std::optional<std::uint64_t> decode_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return number;
}

}  // namespace smlaunch
