// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "topology/machine_json.hpp"
#include "topology/machine_reader_json.hpp"
#include "topology/nvlink_domain.hpp"

namespace smlaunch {
namespace {

bool is_relation(const std::string& text) {
  if (text == "X" || parse_nearness(text)) return true;
  return text.size() > 2 && text.substr(0, 2) == "NV" &&
         text.find_first_not_of("0123456789", 2) == std::string::npos;
}

// False: there are far too many, and no device can be compared with them.
bool read_numa_nodes(MachineReader& reader, const Json& json, Machine& machine) {
  if (reader.find(json, "numa_nodes") == json.end()) reader.wrong("numa_nodes", "is missing");
  IdSet seen;
  const auto read_one = [&](const Json& object, const std::string& path) {
    NumaNode node;
    node.os_index = static_cast<int>(machine.numa_nodes.size());
    reader.read(object, path, "os_index", node.os_index);
    reader.read(object, path, "cpus", node.cpus);
    reader.read(object, path, "memory_bytes", node.memory_bytes);
    reader.read(object, path, "package", node.package);
    const IdSet twice = intersection(seen, node.cpus);
    if (!twice.empty()) {
      reader.wrong(path + ".cpus", fmt::format("CPUs {} are in two NUMA nodes", to_string(twice)));
      node.cpus = without(node.cpus, twice);  // so that all nodes together hold no CPU twice
    }
    seen = united(seen, node.cpus);
    machine.numa_nodes.push_back(std::move(node));
  };
  return reader.each(json, "", "numa_nodes", true, read_one, most_numa_nodes);
}

// How near each device of a kind is to every other device of that kind.
void read_relations(MachineReader& reader, const Json& json, const char* key, std::size_t devices,
                    const char* kind, std::vector<std::vector<std::string>>& matrix) {
  reader.read_matrix(
      json, key, devices, devices, kind, matrix, "X, NV#, PIX, PXB, PHB, NODE, SYS",
      [](const std::string& text) { return is_relation(text) ? std::optional(text) : std::nullopt; });
  for (std::size_t i = 0; i < matrix.size() && i < devices; ++i) {
    for (std::size_t j = 0; j < matrix[i].size(); ++j) {
      if ((i == j) != (matrix[i][j] == "X"))
        reader.wrong(fmt::format("{}[{}][{}]", key, i, j), i == j ? "must be X: it is one and the same device"
                                                                  : "must not be X: they are two devices");
    }
  }
}

// Files of older versions hold only the sentence, and those of newer ones may hold a kind that is new.
UnusableReason read_reason(MachineReader& reader, const Json& json, const std::string& path) {
  std::string sentence;
  std::string kind;
  std::string words;
  reader.read(json, path, "unusable_because", sentence);
  reader.read(json, path, "unusable_kind", kind);
  reader.read(json, path, "unusable_words", words);
  if (const auto known = parse_unusable_kind(kind)) return {*known, std::move(words)};
  if (sentence.empty()) return {};
  return {UnusableKind::other, std::move(sentence)};
}

// Older versions do not write it.
std::optional<NvlinkDomain> read_domain(MachineReader& reader, const Json& json, const std::string& path) {
  const auto found = reader.find(json, "nvlink_domain");
  if (found == json.end()) return {};
  const std::string at = path + ".nvlink_domain";
  if (!found->is_object()) {
    reader.wrong(at, "must be an object");
    return {};
  }
  NvlinkDomain domain;
  std::uint64_t clique = 0;
  reader.read(*found, at, "cluster", domain.cluster);
  reader.read(*found, at, "clique", clique);
  domain.clique = static_cast<unsigned>(clique);
  if (!is_nvlink_cluster(domain.cluster))
    reader.wrong(at + ".cluster", "must be 32 hexadecimal digits, not all of them 0");
  else if (domain.clique != clique)
    reader.wrong(at + ".clique", "must be below 4294967296");
  else
    return domain;
  return {};
}

void read_devices(MachineReader& reader, const Json& json, Machine& machine) {
  const auto check_numa = [&](const std::optional<int>& numa, const std::string& path) {
    const bool known = !numa || std::any_of(machine.numa_nodes.begin(), machine.numa_nodes.end(),
                                            [&](const NumaNode& node) { return node.os_index == *numa; });
    if (!known) reader.wrong(path + ".numa", fmt::format("{} is not among numa_nodes", *numa));
  };
  std::set<std::string> pci_ids;
  const auto check_pci = [&](const std::string& pci, const std::string& path) {
    if (!pci.empty() && !pci_ids.insert(pci).second)
      reader.wrong(path + ".pci", fmt::format("{} is the PCI id of another device too", pci));
  };
  std::set<int> indices;
  const auto read_gpu = [&](const Json& object, const std::string& path) {
    Gpu gpu;
    gpu.index = static_cast<int>(machine.gpus.size());
    reader.read(object, path, "index", gpu.index);
    reader.read(object, path, "model", gpu.model);
    reader.read(object, path, "uuid", gpu.uuid);
    reader.read(object, path, "pci", gpu.pci);
    reader.read(object, path, "numa", gpu.numa);
    reader.read(object, path, "cpus", gpu.cpus);
    reader.read(object, path, "memory_bytes", gpu.memory_bytes);
    reader.read(object, path, "usable", gpu.usable);
    if (!gpu.usable) gpu.unusable_because = read_reason(reader, object, path);
    reader.read(object, path, "link_width", gpu.link.lanes);
    reader.read(object, path, "link_generation", gpu.link.generation);
    reader.read(object, path, "mig_instances", gpu.mig_instances);
    gpu.domain = read_domain(reader, object, path);
    check_numa(gpu.numa, path);
    check_pci(gpu.pci, path);
    if (!indices.insert(gpu.index).second)
      reader.wrong(path + ".index", fmt::format("{} is the index of another GPU too", gpu.index));
    machine.gpus.push_back(std::move(gpu));
  };
  const auto read_nic = [&](const Json& object, const std::string& path) {
    Nic nic;
    std::string kind = to_string(nic.kind);
    reader.read(object, path, "name", nic.name);
    reader.read(object, path, "kind", kind);
    reader.read(object, path, "pci", nic.pci);
    reader.read(object, path, "numa", nic.numa);
    reader.read(object, path, "link_up", nic.link_up);
    reader.read(object, path, "gigabits", nic.gigabits);
    reader.read(object, path, "link_width", nic.link.lanes);
    reader.read(object, path, "link_generation", nic.link.generation);
    check_numa(nic.numa, path);
    check_pci(nic.pci, path);
    if (const auto known = parse_nic_kind(kind))
      nic.kind = *known;
    else
      reader.wrong(path + ".kind", "must be one of ethernet, infiniband, efa");
    machine.nics.push_back(std::move(nic));
  };
  const bool has_gpus = reader.each(json, "", "gpus", true, read_gpu, most_gpus);
  const bool has_nics = reader.each(json, "", "nics", true, read_nic, most_nics);
  if (!has_gpus || !has_nics) return;
  const std::size_t gpus = machine.gpus.size();
  machine.gpu_nic.assign(gpus, std::vector<Nearness>(machine.nics.size(), Nearness::SYS));
  machine.gpu_gpu.assign(gpus, std::vector<std::string>(gpus, to_string(Nearness::SYS)));
  for (std::size_t i = 0; i < gpus; ++i) machine.gpu_gpu[i][i] = "X";
  reader.read_matrix(json, "gpu_nic", gpus, machine.nics.size(), "GPU", machine.gpu_nic,
                     "PIX, PXB, PHB, NODE, SYS",
                     [](const std::string& text) { return parse_nearness(text); });
  read_relations(reader, json, "gpu_gpu", gpus, "GPU", machine.gpu_gpu);
  read_relations(reader, json, "nic_nic", machine.nics.size(), "NIC", machine.nic_nic);
}

// Which hardware threads form a core, where the text does not say: Linux numbers all first threads of a node
// before all second ones.
std::vector<IdSet> assumed_cores(const Machine& machine) {
  const int per_core = machine.cores > 0 && machine.processing_units % machine.cores == 0
                           ? std::max(machine.processing_units / machine.cores, 1)
                           : 1;
  std::vector<IdSet> cores;
  for (const NumaNode& node : machine.numa_nodes) {
    const std::size_t cpus = node.cpus.size();
    const std::size_t threads =
        cpus % static_cast<std::size_t>(per_core) == 0 ? static_cast<std::size_t>(per_core) : 1;
    for (std::size_t first = 0; first < cpus / threads; ++first) {
      auto& core = cores.emplace_back();
      for (std::size_t thread = 0; thread < threads; ++thread)
        core.push_back(node.cpus[first + thread * (cpus / threads)]);
    }
  }
  return cores;
}

void read_cores(MachineReader& reader, const Json& json, Machine& machine) {
  // The text lists CPUs without a node by themselves, so that a mistyped number in core_cpus stays an error.
  IdSet known;
  reader.read(json, "", "cpus_without_node", known);
  for (const NumaNode& node : machine.numa_nodes) known = united(known, node.cpus);
  IdSet seen;
  reader.each(json, "", "core_cpus", false, [&](const Json& core, const std::string& path) {
    IdSet cpus = reader.read_ids(core, path);
    const IdSet twice = intersection(seen, cpus);
    if (!twice.empty()) reader.wrong(path, fmt::format("CPUs {} are in two cores", to_string(twice)));
    cpus = without(cpus, twice);
    const IdSet outside = without(cpus, known);
    if (!outside.empty() && !known.empty())
      reader.wrong(path, fmt::format("CPUs {} are in no NUMA node", to_string(outside)));
    seen = united(seen, cpus);
    machine.core_cpus.push_back(std::move(cpus));
  });
  if (reader.find(json, "core_cpus") == json.end()) machine.core_cpus = assumed_cores(machine);
  if (machine.cores == 0) machine.cores = static_cast<int>(machine.core_cpus.size());
  if (machine.processing_units == 0)
    machine.processing_units = static_cast<int>(allowed_cpus(machine).size());
}

void read_interfaces(MachineReader& reader, const Json& json, Machine& machine) {
  reader.each(json, "", "interfaces", true, [&](const Json& object, const std::string& path) {
    NetworkInterface interface;
    reader.read(object, path, "name", interface.name);
    reader.read(object, path, "up", interface.up);
    reader.read(object, path, "carrier", interface.has_carrier);
    reader.read(object, path, "inner", interface.is_inner);
    reader.read(object, path, "addresses", interface.addresses);
    reader.read(object, path, "subnets", interface.subnets);
    machine.interfaces.push_back(std::move(interface));
  });
}

void read_versions(MachineReader& reader, const Json& json, Machine& machine) {
  const auto found = reader.find(json, "versions");
  if (found == json.end()) return;
  if (!found->is_object()) return reader.wrong("versions", "must be an object");
  for (const auto& [name, version] : found->items()) {
    if (version.is_string())
      machine.versions[name] = version.get<std::string>();
    else
      reader.wrong("versions." + name, "must be a string");
  }
}

void read_cpu_quota(MachineReader& reader, const Json& json, Machine& machine) {
  const auto found = reader.find(json, "cpu_quota");
  if (found == json.end()) return;
  if (found->is_number() && found->get<double>() > 0)
    machine.cpu_quota = found->get<double>();
  else
    reader.wrong("cpu_quota", "must be a number above 0");
}

// An older version wrote sentences only, and said which of them are warnings by writing them again.
void read_old_findings(const std::vector<std::string>& sentences, std::vector<std::string> warnings,
                       Machine& machine) {
  for (const std::string& sentence : sentences) {
    const auto warning = std::find(warnings.begin(), warnings.end(), sentence);
    machine.findings.push_back({.is_warning = warning != warnings.end(), .subject = sentence});
    if (warning != warnings.end()) warnings.erase(warning);
  }
  for (std::string& warning : warnings)
    machine.findings.push_back({.is_warning = true, .subject = std::move(warning)});
}

void read_findings(MachineReader& reader, const Json& json, Machine& machine) {
  std::vector<std::string> sentences;
  std::vector<std::string> warnings;
  reader.read(json, "", "findings", sentences);
  reader.read(json, "", "warnings", warnings);
  if (reader.find(json, "finding_facts") == json.end())
    return read_old_findings(sentences, std::move(warnings), machine);
  reader.each(json, "", "finding_facts", true, [&](const Json& object, const std::string& path) {
    MachineFinding finding;
    std::string kind;
    std::string because;
    reader.read(object, path, "kind", kind);
    reader.read(object, path, "warning", finding.is_warning);
    reader.read(object, path, "subject", finding.subject);
    reader.read(object, path, "count", finding.count);
    reader.read(object, path, "total", finding.total);
    reader.read(object, path, "because", because);
    reader.read(object, path, "words", finding.because.words);
    const auto known = parse_finding_kind(kind);
    const auto reason = because.empty() ? UnusableKind::not_told : parse_unusable_kind(because);
    // We have only the sentence of a kind that a newer version knows.
    if (known && reason) {
      finding.kind = *known;
      finding.because.kind = *reason;
    } else {
      const std::size_t at = machine.findings.size();
      finding = {.is_warning = finding.is_warning,
                 .subject = at < sentences.size() ? sentences[at] : finding.subject};
    }
    machine.findings.push_back(std::move(finding));
  });
}

Machine read_machine(MachineReader& reader, const Json& json) {
  Machine machine;
  std::string named;
  reader.read(json, "", "schema", named);
  if (named != machine_schema) reader.wrong("schema", fmt::format("must be \"{}\"", machine_schema));
  reader.read(json, "", "host", machine.host);
  reader.read(json, "", "packages", machine.packages);
  reader.read(json, "", "cores", machine.cores);
  reader.read(json, "", "processing_units", machine.processing_units);
  reader.read(json, "", "online_cpus", machine.online_cpus);
  read_cpu_quota(reader, json, machine);
  reader.read(json, "", "has_devices", machine.has_devices);
  if (!read_numa_nodes(reader, json, machine)) return machine;
  read_devices(reader, json, machine);
  read_cores(reader, json, machine);
  read_interfaces(reader, json, machine);
  read_versions(reader, json, machine);
  read_findings(reader, json, machine);
  return machine;
}

}  // namespace

Result<Machine> parse_machine_json(std::string_view text, const std::string& where) {
  Json json;
  try {
    json = Json::parse(text);
  } catch (const nlohmann::json::exception& error) {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: ..."
    const std::string_view what = error.what();
    return failure(Fault::configuration, where,
                   fmt::format("is not JSON: {}", what.substr(what.find(']') + 2)), machine_json_remedy);
  }
  if (!json.is_object())
    return failure(Fault::configuration, where, "must be a JSON object", machine_json_remedy);
  MachineReader reader(where);
  Machine machine = read_machine(reader, json);
  if (!reader.problems().empty())
    return tl::unexpected<Error>(Error{Fault::configuration, reader.problems()});
  return machine;
}

}  // namespace smlaunch
