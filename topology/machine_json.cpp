// SPDX-License-Identifier: Apache-2.0
#include "topology/machine_json.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/read_file.hpp"
#include "topology/probe_machine.hpp"

namespace smlaunch {
namespace {

using Json = nlohmann::ordered_json;

// The JSON of a machine with a thousand cores and a thousand devices takes a few MiB.
constexpr std::size_t longest_file = std::size_t{64} << 20U;

Json optional_number(const std::optional<int>& number) { return number ? Json(*number) : Json(nullptr); }

void add_link(const PciLink& link, Json& json) {
  if (link.lanes > 0) json["link_width"] = link.lanes;
  if (link.generation > 0) json["link_generation"] = link.generation;
}

// The sentence is for people and for older versions, the kind for us.
void add_reason(const UnusableReason& reason, Json& json) {
  json["unusable_because"] = to_string(reason);
  if (reason.kind == UnusableKind::other || reason.kind == UnusableKind::not_told) return;
  json["unusable_kind"] = to_string(reason.kind);
  if (!reason.words.empty()) json["unusable_words"] = reason.words;
}

// Only what the finding has beside its sentence.
Json to_json(const MachineFinding& finding) {
  Json json = {{"kind", to_string(finding.kind)}, {"warning", finding.is_warning}};
  if (!finding.subject.empty()) json["subject"] = finding.subject;
  if (finding.count != 0) json["count"] = finding.count;
  if (finding.total != 0) json["total"] = finding.total;
  if (finding.because != UnusableReason{}) {
    json["because"] = to_string(finding.because.kind);
    if (!finding.because.words.empty()) json["words"] = finding.because.words;
  }
  return json;
}

Json to_json(const Gpu& gpu) {
  Json json = {{"index", gpu.index},
               {"model", gpu.model},
               {"uuid", gpu.uuid},
               {"pci", gpu.pci},
               {"numa", optional_number(gpu.numa)},
               {"cpus", to_string(gpu.cpus)},
               {"memory_bytes", gpu.memory_bytes},
               {"usable", gpu.usable}};
  if (!gpu.usable) add_reason(gpu.unusable_because, json);
  add_link(gpu.link, json);
  if (!gpu.mig_instances.empty()) json["mig_instances"] = gpu.mig_instances;
  if (gpu.domain) json["nvlink_domain"] = {{"cluster", gpu.domain->cluster}, {"clique", gpu.domain->clique}};
  return json;
}

Json to_json(const Nic& nic) {
  Json json = {{"name", nic.name},
               {"kind", to_string(nic.kind)},
               {"pci", nic.pci},
               {"numa", optional_number(nic.numa)},
               {"link_up", nic.link_up}};
  if (nic.gigabits > 0) json["gigabits"] = nic.gigabits;
  add_link(nic.link, json);
  return json;
}

Json to_json(const NetworkInterface& interface) {
  return {{"name", interface.name},           {"up", interface.up},
          {"carrier", interface.has_carrier}, {"inner", interface.is_inner},
          {"addresses", interface.addresses}, {"subnets", interface.subnets}};
}

}  // namespace

std::string render_machine_json(const Machine& machine) {
  Json json = {{"schema", machine_schema},
               {"host", machine.host},
               {"packages", machine.packages},
               {"cores", machine.cores},
               {"processing_units", machine.processing_units}};
  if (machine.online_cpus > 0) json["online_cpus"] = machine.online_cpus;
  if (machine.cpu_quota) json["cpu_quota"] = *machine.cpu_quota;
  if (!machine.has_devices) json["has_devices"] = false;
  for (const char* list : {"numa_nodes", "gpus", "nics", "gpu_nic", "gpu_gpu"}) json[list] = Json::array();
  if (!machine.nic_nic.empty()) json["nic_nic"] = machine.nic_nic;
  for (const char* list : {"core_cpus", "findings"}) json[list] = Json::array();
  for (const NumaNode& node : machine.numa_nodes) {
    Json one = {
        {"os_index", node.os_index}, {"cpus", to_string(node.cpus)}, {"memory_bytes", node.memory_bytes}};
    if (node.package) one["package"] = *node.package;
    json["numa_nodes"].push_back(std::move(one));
  }
  for (const Gpu& gpu : machine.gpus) json["gpus"].push_back(to_json(gpu));
  for (const Nic& nic : machine.nics) json["nics"].push_back(to_json(nic));
  for (const auto& row : machine.gpu_nic) {
    Json words = Json::array();
    for (const Nearness nearness : row) words.push_back(to_string(nearness));
    json["gpu_nic"].push_back(std::move(words));
  }
  for (const auto& row : machine.gpu_gpu) json["gpu_gpu"].push_back(row);
  if (const IdSet outside = cpus_without_node(machine); !outside.empty() && !machine.numa_nodes.empty())
    json["cpus_without_node"] = to_string(outside);
  for (const IdSet& core : machine.core_cpus) json["core_cpus"].push_back(to_string(core));
  for (const MachineFinding& finding : machine.findings) {
    json["findings"].push_back(to_string(finding));
    if (finding.is_warning) json["warnings"].push_back(to_string(finding));
    json["finding_facts"].push_back(to_json(finding));
  }
  for (const NetworkInterface& each : machine.interfaces) json["interfaces"].push_back(to_json(each));
  for (const auto& [name, version] : machine.versions) json["versions"][name] = version;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Machine> read_machine_file(const std::string& path) {
  const auto text = read_given_file(path, longest_file);
  if (!text) return tl::unexpected(text.error());
  const std::size_t first = text->find_first_not_of(" \t\r\n");
  if (first == std::string::npos) {
    return failure(
        Fault::configuration, path, "is empty",
        "give an XML file that lstopo wrote, or the JSON that smlaunch topology --format json prints");
  }
  return (*text)[first] == '<' ? parse_machine_xml(*text, path) : parse_machine_json(*text, path);
}

}  // namespace smlaunch
