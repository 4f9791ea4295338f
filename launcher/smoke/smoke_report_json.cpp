// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <nlohmann/json.hpp>

#include "launcher/smoke/render_smoke.hpp"

namespace smlaunch {

using Json = nlohmann::ordered_json;

namespace {

Json number(const std::optional<double>& value, double per_unit, double digits) {
  if (!value) return nullptr;
  return std::round(*value * per_unit * digits) / digits;
}

Json library_json(const LibraryFacts& library) {
  return {{"path", library.path}, {"version", library.version}, {"build_id", library.build_id}};
}

}  // namespace

std::string render_smoke_json(const SmokeReport& report) {
  Json json = {{"schema", "smlaunch.smoke/1"}, {"verdict", to_string(report.verdict)},
               {"backend", report.backend},    {"evidence", report.evidence},
               {"ranks", report.ranks},        {"hosts", report.hosts.size()},
               {"bytes", report.bytes}};
  json["time_us"] = {{"p50", number(report.p50_seconds, 1e6, 10)},
                     {"max", number(report.max_seconds, 1e6, 10)}};
  json["algbw_gbps"] = number(report.algbw_gbps, 1, 1000);
  json["busbw_gbps"] = number(report.busbw_gbps, 1, 1000);
  json["wrong_elements"] = report.wrong_elements;
  const bool is_nccl = report.backend == nccl_backend;
  json["nccl"] = is_nccl && report.library ? library_json(*report.library) : Json(nullptr);
  json["stages"] = Json::array();
  for (const StageSummary& stage : report.stages)
    json["stages"].push_back({{"name", to_string(stage.stage)},
                              {"seconds", number(stage.seconds, 1, 1000)},
                              {"missing_ranks", stage.missing_ranks}});
  json["suspects"] = Json::array();
  for (const Suspect& suspect : report.suspects) {
    Json entry = {{"subject", to_string(suspect.subject)},
                  {"name", suspect.name},
                  {"evidence", suspect.evidence},
                  {"confidence", to_string(suspect.confidence)}};
    if (suspect.subject == SuspectSubject::rank)
      for (const NodeRank node : suspect.nodes) entry["host"] = report.hosts[node];
    json["suspects"].push_back(std::move(entry));
  }
  json["reason"] = report.reason;
  if (!report.injected.empty()) json["injected"] = report.injected;
  if (!report.warnings.empty()) json["warnings"] = report.warnings;
  if (!is_nccl && report.library) json["mpi"] = library_json(*report.library);
  if (report.expected)
    json["expected"] = {{"busbw_gbps", number(report.expected->busbw_gbps, 1, 1000)},
                        {"source", report.expected->source}};
  if (!report.pairs.empty()) json["pairs"] = Json::array();
  for (const GroupResult& pair : report.pairs)
    json["pairs"].push_back(
        {{"hosts",
          {report.hosts[NodeRank{pair.units[0].value}], report.hosts[NodeRank{pair.units[1].value}]}},
         {"passed", pair.passed()},
         {"busbw_gbps", number(pair.busbw_gbps, 1, 1000)},
         {"why", describe_trouble(pair)}});
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace smlaunch
