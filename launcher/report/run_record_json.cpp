// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <charconv>
#include <map>
#include <nlohmann/json.hpp>

#include "launcher/report/run_record.hpp"

namespace smlaunch {

namespace {

using Json = nlohmann::json;

const Json& member(const Json& object, const char* name) {
  static const Json none;
  if (!object.is_object()) return none;
  const auto found = object.find(name);
  return found == object.end() ? none : *found;
}

std::string text_of(const Json& object, const char* name) {
  const Json& value = member(object, name);
  return value.is_string() ? value.get<std::string>() : std::string();
}

double number_of(const Json& object, const char* name) {
  const Json& value = member(object, name);
  return value.is_number() ? value.get<double>() : 0;
}

std::optional<int> whole_of(const Json& value) {
  if (!value.is_number_integer()) return {};
  const auto number = value.get<long>();
  constexpr long most = 100'000'000;
  return number < -most || number > most ? std::nullopt : std::optional(static_cast<int>(number));
}

std::vector<std::string> texts_of(const Json& list) {
  std::vector<std::string> texts;
  if (list.is_array())
    for (const Json& each : list)
      if (each.is_string()) texts.push_back(each.get<std::string>());
  return texts;
}

std::vector<int> wholes_of(const Json& list) {
  std::vector<int> numbers;
  if (list.is_array())
    for (const Json& each : list)
      if (const auto number = whole_of(each)) numbers.push_back(*number);
  return numbers;
}

RecordedEnd end_of(const Json& object) {
  return {.exit_code = whole_of(member(object, "exit_code")), .signal = whole_of(member(object, "signal"))};
}

RecordedCause cause_of(const std::string& name) {
  if (name == "stopped_by_us") return RecordedCause::stopped_by_us;
  if (name == "collateral") return RecordedCause::collateral;
  return RecordedCause::own;
}

std::optional<RecordedFailure> failure_of(const Json& object) {
  if (!object.is_object()) return {};
  RecordedFailure failure{.rank = whole_of(member(object, "rank")),
                          .host = text_of(object, "host"),
                          .end = end_of(object),
                          .reason = text_of(object, "reason"),
                          .last_lines = texts_of(member(object, "last_lines"))};
  if (const Json& certain = member(object, "certain"); certain.is_boolean())
    failure.certain = certain.get<bool>();
  failure.tied_with = wholes_of(member(object, "tied_with"));
  return failure;
}

std::string suspect_words(const Json& object) {
  std::string words = fmt::format("{} {}", text_of(object, "subject"), text_of(object, "name"));
  if (const std::string confidence = text_of(object, "confidence"); !confidence.empty())
    words += fmt::format(" ({})", confidence);
  if (const std::string evidence = text_of(object, "evidence"); !evidence.empty()) words += ": " + evidence;
  return words;
}

std::optional<RecordedPair> pair_of(const Json& object) {
  std::vector<std::string> hosts = texts_of(member(object, "hosts"));
  if (hosts.size() != 2) return {};
  RecordedPair pair{
      .first = std::move(hosts[0]), .second = std::move(hosts[1]), .why = text_of(object, "why")};
  if (const Json& passed = member(object, "passed"); passed.is_boolean()) pair.passed = passed.get<bool>();
  if (const Json& speed = member(object, "busbw_gbps"); speed.is_number())
    pair.busbw_gbps = speed.get<double>();
  return pair;
}

std::optional<RecordedSmoke> smoke_of(const Json& object) {
  if (!object.is_object()) return {};
  RecordedSmoke smoke{.verdict = text_of(object, "verdict"),
                      .evidence = text_of(object, "evidence"),
                      .reason = text_of(object, "reason"),
                      .busbw_gbps = number_of(object, "busbw_gbps")};
  if (const Json& stages = member(object, "stages"); stages.is_array())
    for (const Json& each : stages)
      smoke.stages.push_back({.name = text_of(each, "name"),
                              .seconds = number_of(each, "seconds"),
                              .missing_ranks = wholes_of(member(each, "missing_ranks"))});
  if (const Json& suspects = member(object, "suspects"); suspects.is_array())
    for (const Json& each : suspects) smoke.suspects.push_back(suspect_words(each));
  if (const Json& pairs = member(object, "pairs"); pairs.is_array())
    for (const Json& each : pairs)
      if (auto pair = pair_of(each)) smoke.pairs.push_back(std::move(*pair));
  return smoke;
}

void add_native_stacks(const Json& process, std::string& line) {
  const Json& stacks = member(process, "native_stacks");
  if (!stacks.is_array()) return;
  for (const Json& stack : stacks) {
    line += fmt::format("\n    native ({}), threads: {}", text_of(process, "native_source"),
                        whole_of(member(stack, "threads")).value_or(0));
    for (const std::string& frame : texts_of(member(stack, "frames"))) line += "\n        " + frame;
  }
}

RecordedLook look_of(const Json& object) {
  RecordedLook look{.rank = whole_of(member(object, "rank")).value_or(-1),
                    .host = text_of(object, "host"),
                    .place = text_of(object, "place")};
  if (const Json& processes = member(object, "processes"); processes.is_array())
    for (const Json& each : processes) {
      std::string line =
          fmt::format("{} {}", whole_of(member(each, "pid")).value_or(0), text_of(each, "name"));
      for (const char* stack : {"python_stack", "kernel_stack"})
        for (const std::string& frame : texts_of(member(each, stack))) line += "\n    " + frame;
      add_native_stacks(each, line);
      look.processes.push_back(std::move(line));
    }
  return look;
}

// "all_reduce 5 of the default group"
std::string collective_words(const Json& object) {
  const std::string op = text_of(object, "op");
  std::string words = op.empty() ? "a collective" : op;
  if (const auto sequence = whole_of(member(object, "sequence"))) words += fmt::format(" {}", *sequence);
  const std::string group = text_of(object, "group");
  if (group == "default") return words + " of the default group";
  return group.empty() ? words : words + " of the group " + group;
}

void read_hang_evidence(const Json& object, RunRecord& record) {
  if (const Json& waiting = member(object, "waiting"); waiting.is_array())
    for (const Json& each : waiting)
      record.waiting.push_back({.what = collective_words(each), .ranks = wholes_of(member(each, "ranks"))});
  if (const Json& missing = member(object, "missing"); missing.is_array())
    for (const Json& each : missing)
      record.missing.push_back({.rank = whole_of(member(each, "rank")).value_or(-1),
                                .host = text_of(each, "host"),
                                .where = text_of(each, "where")});
  if (const Json& nccl = member(object, "nccl"); nccl.is_array())
    for (const Json& each : nccl)
      if (each.is_string()) record.nccl.push_back(each.get<std::string>());
}

// Lists in lists are not shown: the function that writes them calls itself as often as they are deep.
std::string value_words(const Json& value) {
  if (value.is_structured()) return "…";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

void add_progress(RecordedEvent& event, const Json& values) {
  constexpr std::size_t most = 32;  // as many as a rank may tell
  for (const auto& [name, value] : values.items()) {
    if (event.values.size() == most) return;
    event.values.emplace_back(name, value_words(value));
    if (value.is_number()) event.progress.emplace_back(name, value.get<double>());
  }
}

RecordedEvent event_of(const Json& object) {
  RecordedEvent event{.seconds = number_of(object, "t"),
                      .event = text_of(object, "event"),
                      .host = text_of(object, "host"),
                      .rank = whole_of(member(object, "rank"))};
  for (const auto& [name, value] : object.items())
    if (name == "values" && value.is_object())
      add_progress(event, value);
    else if (name != "t" && name != "event" && name != "host" && name != "rank")
      event.values.emplace_back(name, value_words(value));
  return event;
}

void read_events(std::string_view text, RunRecord& record) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    const Json json = Json::parse(line, nullptr, false);
    if (json.is_object() && member(json, "event").is_string())
      record.events.push_back(event_of(json));
    else
      ++record.unread_lines;
  }
}

std::string value_in(const RecordedEvent& event, const char* name) {
  for (const auto& [key, value] : event.values)
    if (key == name) return value;
  return "";
}

// A number that no clock shows counts as none.
long start_of(const std::vector<RecordedEvent>& events) {
  constexpr long least = 1'000'000'000'000, most = 10'000'000'000'000;  // the years 2001 to 2286
  for (const RecordedEvent& event : events) {
    if (event.event != "start") continue;
    const std::string text = value_in(event, "unix_ms");
    long number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && number >= least && number < most ? number : 0;
  }
  return 0;
}

// Of a job that was tried again, the last try's.
void add_times(RunRecord& record) {
  std::map<int, RecordedRank*> by_rank;
  for (RecordedRank& rank : record.ranks) by_rank.emplace(rank.rank, &rank);
  for (const RecordedEvent& event : record.events) {
    const auto found = event.rank ? by_rank.find(*event.rank) : by_rank.end();
    if (found == by_rank.end()) continue;
    RecordedRank& rank = *found->second;
    if (event.event == "spawn") {
      rank.began = event.seconds;
      rank.ended.reset();
      rank.cpus = value_in(event, "cpus");
      rank.numa = value_in(event, "numa");
    } else if (event.event == "exit" || event.event == "signal") {
      rank.ended = event.seconds;
    }
  }
}

}  // namespace

Result<RunRecord> parse_run_record(const std::string& where, std::string_view report,
                                   std::string_view events) {
  const Json json = Json::parse(report, nullptr, false);
  if (json.is_discarded())
    return failure(Fault::configuration, where, "is not JSON", "name the report.json that a run has left");
  if (!text_of(json, "schema").starts_with("smlaunch.report/"))
    return failure(Fault::configuration, where, "is no report of smlaunch (its \"schema\" is another)",
                   "name the report.json that a run has left");
  RunRecord record{.outcome = text_of(json, "outcome"),
                   .failure_class = text_of(json, "class"),
                   .exit_code = whole_of(member(json, "exit_code")).value_or(0),
                   .message = text_of(json, "message"),
                   .plan_hash = text_of(json, "plan_hash"),
                   .first_failure = failure_of(member(json, "first_failure"))};
  if (const Json& ranks = member(json, "ranks"); ranks.is_array())
    for (const Json& each : ranks)
      record.ranks.push_back({.rank = whole_of(member(each, "rank")).value_or(-1),
                              .host = text_of(each, "host"),
                              .end = end_of(each),
                              .cause = cause_of(text_of(each, "cause"))});
  if (const Json& phases = member(json, "phases"); phases.is_array())
    for (const Json& each : phases)
      record.phases.push_back({.name = text_of(each, "name"),
                               .seconds = number_of(each, "seconds"),
                               .slowest_host = text_of(each, "slowest_host"),
                               .slowest_seconds = number_of(each, "slowest_seconds")});
  record.smoke = smoke_of(member(json, "smoke"));
  if (const Json& hang = member(json, "hang"); hang.is_array())
    for (const Json& each : hang) record.hang.push_back(look_of(each));
  read_hang_evidence(member(json, "hang_evidence"), record);
  if (const Json& earlier = member(json, "earlier"); earlier.is_array())
    for (const Json& each : earlier) record.earlier.push_back(text_of(each, "message"));
  read_events(events, record);
  record.start_unix_ms = start_of(record.events);
  add_times(record);
  return record;
}

}  // namespace smlaunch
