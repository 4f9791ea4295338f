// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "launcher/smoke/rank_result.hpp"

namespace smlaunch {

using Json = nlohmann::json;

namespace {

ContributionFault fault_of(const std::string& text) {
  if (text == "missing") return ContributionFault::missing;
  if (text == "doubled") return ContributionFault::doubled;
  return ContributionFault::corrupt;
}

Json json_of(const WrongElements& wrong) {
  Json ranges = Json::array();
  for (const WrongRange& range : wrong.ranges)
    ranges.push_back({{"fault", to_string(range.fault)},
                      {"index", range.index ? Json(*range.index) : Json(nullptr)},
                      {"times", range.times},
                      {"first", range.first},
                      {"last", range.last},
                      {"value", range.value},
                      {"expected", range.expected}});
  return {{"count", wrong.count}, {"ranges", std::move(ranges)}};
}

WrongElements wrong_of(const Json& json) {
  WrongElements wrong;
  wrong.count = json.at("count");
  for (const Json& each : json.at("ranges")) {
    WrongRange range;
    range.fault = fault_of(each.at("fault"));
    if (!each.at("index").is_null()) range.index = each.at("index").get<int>();
    range.times = each.at("times");
    range.first = each.at("first");
    range.last = each.at("last");
    range.value = each.at("value");
    range.expected = each.at("expected");
    wrong.ranges.push_back(range);
  }
  return wrong;
}

CheckMessage message_of(const Json& json) {
  const std::string kind = json.at("message");
  const auto stage = [&] { return parse_smoke_stage(json.at("stage").get<std::string>()).value(); };
  if (kind == "stage") return StageReached{json.at("test"), stage(), json.at("seconds")};
  if (kind == "found_library") return FoundLibrary{json.at("path"), json.at("note")};
  if (kind == "library")
    return LibraryFacts{.path = json.at("path"),
                        .version = json.at("version"),
                        .build_id = json.at("build_id"),
                        .is_imitation = json.at("is_imitation")};
  if (kind == "host_gpus")
    return HostGpus{.usable = json.at("usable"),
                    .on_bus = json.at("on_bus"),
                    .module_loaded = json.at("module_loaded"),
                    .device_nodes = json.at("device_nodes"),
                    .nvml_error = json.at("nvml_error")};
  if (kind == "unique_id") return UniqueId{json.at("test"), json.at("id")};
  if (kind == "failed")
    return CheckFailed{.test = json.at("test"),
                       .stage = stage(),
                       .text = json.at("text"),
                       .blames_peer = json.at("blames_peer")};
  if (kind != "result") throw std::invalid_argument("no such message: " + kind);
  TestResult made;
  made.test = json.at("test");
  made.barrier_seconds = json.at("barrier_seconds").get<std::vector<double>>();
  made.transfer_seconds = json.at("transfer_seconds").get<std::vector<double>>();
  made.sums = wrong_of(json.at("sums"));
  made.contributions = wrong_of(json.at("contributions"));
  if (const Json& estimate = json.at("estimated_busbw_gbps"); !estimate.is_null())
    made.estimated_busbw_gbps = estimate.get<double>();
  made.shares_gpu = json.at("shares_gpu");
  return made;
}

Json json_of(const StageReached& reached) {
  return {{"message", "stage"},
          {"test", reached.test},
          {"stage", to_string(reached.stage)},
          {"seconds", reached.seconds}};
}

Json json_of(const FoundLibrary& found) {
  return {{"message", "found_library"}, {"path", found.path}, {"note", found.note}};
}

Json json_of(const LibraryFacts& facts) {
  return {{"message", "library"},
          {"path", facts.path},
          {"version", facts.version},
          {"build_id", facts.build_id},
          {"is_imitation", facts.is_imitation}};
}

Json json_of(const HostGpus& gpus) {
  return {{"message", "host_gpus"},
          {"usable", gpus.usable},
          {"on_bus", gpus.on_bus},
          {"module_loaded", gpus.module_loaded},
          {"device_nodes", gpus.device_nodes},
          {"nvml_error", gpus.nvml_error}};
}

Json json_of(const UniqueId& unique) {
  return {{"message", "unique_id"}, {"test", unique.test}, {"id", unique.id}};
}

Json json_of(const TestResult& result) {
  return {{"message", "result"},
          {"test", result.test},
          {"barrier_seconds", result.barrier_seconds},
          {"transfer_seconds", result.transfer_seconds},
          {"sums", json_of(result.sums)},
          {"contributions", json_of(result.contributions)},
          {"estimated_busbw_gbps",
           result.estimated_busbw_gbps ? Json(*result.estimated_busbw_gbps) : Json(nullptr)},
          {"shares_gpu", result.shares_gpu}};
}

Json json_of(const CheckFailed& failed) {
  return {{"message", "failed"},
          {"test", failed.test},
          {"stage", to_string(failed.stage)},
          {"text", failed.text},
          {"blames_peer", failed.blames_peer}};
}

}  // namespace

std::string encode(const CheckMessage& message) {
  const Json json = std::visit([](const auto& each) { return json_of(each); }, message);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<CheckMessage> parse_check_message(std::string_view line) {
  try {
    return message_of(Json::parse(line));
  } catch (const std::exception& error) {
    return failure(Fault::internal, "check message", error.what());
  }
}

}  // namespace smlaunch
