// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/report_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "launcher/outcome/rank_results.hpp"

namespace smlaunch {

using Json = nlohmann::ordered_json;

namespace {

double milli(double seconds) { return std::round(seconds * 1000) / 1000; }

std::string dump(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

void add_status(Json& json, const std::optional<ExitStatus>& status) {
  json["exit_code"] = nullptr;
  json["signal"] = nullptr;
  if (!status) return;
  if (const auto* signaled = std::get_if<Signaled>(&*status))
    json["signal"] = signaled->signal;
  else
    json["exit_code"] = std::get<Exited>(*status).code;
}

Json first_failure_json(const std::optional<FirstFailure>& first) {
  if (!first) return nullptr;
  Json json = {{"rank", first->rank.value}, {"host", first->host}};
  add_status(json, first->status());
  json["seconds"] = milli(first->seconds);
  const auto reason = first->reason();
  json["reason"] = reason ? Json(*reason) : Json(nullptr);
  json["last_lines"] = first->last_lines();
  json["certain"] = first->certain;
  json["tied_with"] = Json::array();
  for (const Rank rank : first->tied_with) json["tied_with"].push_back(rank.value);
  if (!first->evidence.empty()) json["evidence"] = first->evidence;
  return json;
}

Json process_json(const ProcessState& process) {
  Json json = {{"pid", process.pid},
               {"name", process.name},
               {"state", std::string(1, process.state)},
               {"wait_channel", process.wait_channel},
               {"kernel_stack", process.kernel_stack},
               {"python_stack", process.python_stack}};
  if (process.native_stacks.empty()) return json;
  json["native_source"] = to_string(process.native_source);
  json["native_stacks"] = Json::array();
  for (const NativeStack& stack : process.native_stacks)
    json["native_stacks"].push_back({{"threads", stack.threads}, {"frames", stack.frames}});
  return json;
}

Json hang_json(const std::vector<RankLook>& looks) {
  Json list = Json::array();
  for (const RankLook& look : looks) {
    Json entry = {{"rank", look.rank.value}, {"host", look.host}};
    entry["place"] = look.state ? Json(place_in_words(*look.state)) : Json(nullptr);
    entry["cores_used"] = look.cores_used ? Json(milli(*look.cores_used)) : Json(nullptr);
    entry["processes"] = Json::array();
    if (look.state)
      for (const ProcessState& process : look.state->processes)
        entry["processes"].push_back(process_json(process));
    list.push_back(std::move(entry));
  }
  return list;
}

Json collective_json(const NamedCollective& named) {
  Json json = {{"group", named.group.empty() ? Json(nullptr) : Json(named.group)},
               {"op", named.op.empty() ? Json(nullptr) : Json(named.op)},
               {"sequence", named.sequence ? Json(*named.sequence) : Json(nullptr)}};
  if (!named.sizes.empty()) json["sizes"] = named.sizes;
  return json;
}

Json collective_json(const std::optional<NamedCollective>& named) {
  return named ? collective_json(*named) : Json(nullptr);
}

Json progress_json(const GroupProgress& progress) {
  return {{"last_begun", collective_json(progress.last_begun)},
          {"last_finished", collective_json(progress.last_finished)},
          {"waiting_in", collective_json(progress.waiting_in)}};
}

Json hang_evidence_json(const HangEvidence& evidence, double seconds) {
  Json json = {{"seconds", milli(seconds)}, {"sentence", evidence.sentence}};
  if (!evidence.nccl.empty()) json["nccl"] = evidence.nccl;
  json["waiting"] = Json::array();
  for (const WaitingRanks& each : evidence.waiting) {
    Json entry = collective_json(each.in);
    entry["ranks"] = Json::array();
    for (const Rank rank : each.ranks) entry["ranks"].push_back(rank.value);
    json["waiting"].push_back(std::move(entry));
  }
  for (const SilentLink& each : evidence.silent_links)
    json["unacknowledged"].push_back({{"hosts", {each.one, each.other}}, {"seconds", milli(each.seconds)}});
  json["missing"] = Json::array();
  for (const MissingRank& each : evidence.missing)
    json["missing"].push_back({{"rank", each.rank.value}, {"host", each.host}, {"where", each.where}});
  json["ranks"] = Json::array();
  for (const RankStanding& each : evidence.ranks) {
    Json entry = {{"rank", each.rank.value}, {"state", each.state}};
    entry.update(progress_json(each.progress));
    entry["groups"] = Json::array();
    for (const GroupProgress& group : each.groups) entry["groups"].push_back(progress_json(group));
    entry["stacks"] = each.stacks;
    json["ranks"].push_back(std::move(entry));
  }
  return json;
}

// A whole number without a fraction; what JSON cannot hold as text: "nan", "inf".
Json values_json(const ProgressValues& values) {
  constexpr double largest_whole = 1e15;
  Json json = Json::object();
  for (const auto& [name, value] : values)
    if (!std::isfinite(value))
      json[name] = fmt::format("{}", value);
    else if (value == std::floor(value) && std::abs(value) < largest_whole)
      json[name] = static_cast<long>(value);
    else
      json[name] = value;
  return json;
}

// Where ranks have told of any.
void add_progress(Json& json, const Outcome& outcome) {
  if (!outcome.progress) return;
  const JobProgress& progress = *outcome.progress;
  json["progress"] = {{"last", values_json(progress.values)},
                      {"rank_of_last", progress.rank ? Json(progress.rank->value) : Json(nullptr)},
                      {"host", progress.host},
                      {"seconds_ago", milli(std::max(0.0, outcome.end_seconds - progress.seconds))}};
}

// Where anything has happened.
void add_devices(Json& json, const Outcome& outcome) {
  for (const DeviceFact& fact : outcome.devices)
    json["devices"].push_back({{"t", milli(fact.seconds)},
                               {"host", fact.host},
                               {"kind", to_string(fact.event.kind)},
                               {"text", fact.event.device + " " + fact.event.text}});
}

Json earlier_json(const std::vector<EarlierTry>& tries) {
  Json list = Json::array();
  for (const EarlierTry& each : tries) {
    list.push_back({{"class", to_string(each.outcome.failure_class)},
                    {"exit_code", each.outcome.exit_code},
                    {"message", each.outcome.message},
                    {"first_failure", first_failure_json(each.outcome.first_failure)},
                    {"plan_hash", each.plan_hash}});
    add_progress(list.back(), each.outcome);
    add_devices(list.back(), each.outcome);
  }
  return list;
}

Json left_running_json(const Report& report) {
  Json list = Json::array();
  for (const Rank record : report.ranks.indices())
    for (const LeftProcess& each : report.ranks[record].left_running)
      list.push_back(
          {{"rank", find_leaver(report, record, each).value}, {"pid", each.pid}, {"command", each.command}});
  return list;
}

Json rank_json(const RankResult& rank) {
  Json json = {{"rank", rank.rank.value}, {"host", rank.host}};
  json["pid"] = rank.pid > 0 ? Json(rank.pid) : Json(nullptr);
  add_status(json, rank.status);
  json["seconds"] = milli(rank.seconds);
  json["cause"] = to_string(rank.cause);
  return json;
}

// Where the ranks have some.
void add_starters(Json& json, const Report& report) {
  for (const RankResult& each : find_starter_results(report)) {
    Json entry = rank_json(each);
    entry.erase("rank");
    entry["first_rank"] = each.rank.value;
    json["starters"].push_back(std::move(entry));
  }
}

}  // namespace

std::string render_report(const Report& report) {
  const Outcome& outcome = report.outcome;
  Json json = {{"schema", "smlaunch.report/1"}, {"outcome", to_string(outcome.kind)}};
  json["class"] =
      outcome.failure_class == FailureClass::none ? Json(nullptr) : Json(to_string(outcome.failure_class));
  json["exit_code"] = outcome.exit_code;
  json["message"] = outcome.message;
  json["first_failure"] = first_failure_json(outcome.first_failure);
  json["ranks"] = Json::array();
  for (const RankResult& each : find_rank_results(report)) json["ranks"].push_back(rank_json(each));
  add_starters(json, report);
  json["left_running"] = left_running_json(report);
  add_progress(json, outcome);
  add_devices(json, outcome);
  json["phases"] = Json::array();
  for (const Phase& phase : report.phases) {
    Json entry = {{"name", phase.name}, {"seconds", milli(phase.seconds)}};
    if (!phase.slowest_host.empty()) {
      entry["slowest_host"] = phase.slowest_host;
      entry["slowest_seconds"] = milli(phase.slowest_seconds);
    }
    json["phases"].push_back(std::move(entry));
  }
  json["plan_hash"] = report.plan_hash;
  json["smoke"] = report.smoke_json.empty() ? Json(nullptr) : Json::parse(report.smoke_json);
  json["restarts"] = report.restarts;
  if (!report.earlier.empty()) json["earlier"] = earlier_json(report.earlier);
  if (!outcome.hang.empty()) {
    json["hang"] = hang_json(outcome.hang);
    json["hang_evidence"] = hang_evidence_json(outcome.hang_evidence, outcome.hang_seconds);
  }
  return dump(json, 1) + "\n";
}

std::string render_looks_json(const std::vector<RankLook>& looks) { return dump(hang_json(looks), -1); }

std::string render_values_json(const ProgressValues& values) { return dump(values_json(values), -1); }

std::string render_event(const EventLine& event) {
  Json json = {{"t", milli(event.seconds)}, {"event", event.event}};
  if (!event.host.empty()) json["host"] = event.host;
  if (event.rank) json["rank"] = *event.rank;
  for (const auto& [name, text] : event.texts) json[name] = text;
  for (const auto& [name, number] : event.numbers) json[name] = number;
  if (event.values) json["values"] = values_json(*event.values);
  return dump(json, -1);
}

}  // namespace smlaunch
