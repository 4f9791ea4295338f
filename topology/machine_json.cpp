// SPDX-License-Identifier: Apache-2.0
#include "topology/machine_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

#include "topology/probe_machine.hpp"
#include "topology/read_file.hpp"

namespace smlaunch {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* schema = "smlaunch.topology/1";
constexpr const char* remedy = "compare it with what smlaunch topology --format json prints";

Json optional_number(const std::optional<int>& number) { return number ? Json(*number) : Json(nullptr); }

Json to_json(const Gpu& gpu) {
  Json json = {{"index", gpu.index},
               {"model", gpu.model},
               {"uuid", gpu.uuid},
               {"pci", gpu.pci},
               {"numa", optional_number(gpu.numa)},
               {"cpus", to_string(gpu.cpus)},
               {"memory_bytes", gpu.memory_bytes},
               {"usable", gpu.usable}};
  if (!gpu.usable) json["unusable_because"] = gpu.unusable_because;
  if (gpu.link_width > 0) json["link_width"] = gpu.link_width;
  return json;
}

Json to_json(const Nic& nic) {
  Json json = {{"name", nic.name},
               {"kind", to_string(nic.kind)},
               {"pci", nic.pci},
               {"numa", optional_number(nic.numa)},
               {"link_up", nic.link_up}};
  if (nic.gigabits > 0) json["gigabits"] = nic.gigabits;
  return json;
}

bool is_gpu_relation(const std::string& text) {
  if (text == "X" || parse_nearness(text)) return true;
  return text.size() > 2 && text.substr(0, 2) == "NV" &&
         text.find_first_not_of("0123456789", 2) == std::string::npos;
}

// Reads values out of the document and collects what is wrong with them.
class Reader {
 public:
  explicit Reader(std::string where) : where_(std::move(where)) {}

  void wrong(const std::string& path, std::string what) {
    problems_.push_back(
        {fmt::format("{}: {}", where_, path.empty() ? "the document" : path), std::move(what), remedy});
  }

  Json::const_iterator find(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_null() ? object.end() : found;
  }

  void read(const Json& object, const std::string& path, const char* key, std::string& value) {
    const auto found = find(object, key);
    if (found == object.end()) return;
    if (found->is_string())
      value = found->get<std::string>();
    else
      wrong(join(path, key), "must be a string");
  }

  void read(const Json& object, const std::string& path, const char* key, bool& value) {
    const auto found = find(object, key);
    if (found == object.end()) return;
    if (found->is_boolean())
      value = found->get<bool>();
    else
      wrong(join(path, key), "must be true or false");
  }

  void read(const Json& object, const std::string& path, const char* key, std::uint64_t& value) {
    const auto found = find(object, key);
    if (found == object.end()) return;
    if (found->is_number_unsigned())
      value = found->get<std::uint64_t>();
    else
      wrong(join(path, key), "must be a whole number, 0 or more");
  }

  void read(const Json& object, const std::string& path, const char* key, int& value) {
    std::uint64_t number = static_cast<std::uint64_t>(value);
    read(object, path, key, number);
    if (number > 1'048'575)
      wrong(join(path, key), "is larger than any machine has");
    else
      value = static_cast<int>(number);
  }

  void read(const Json& object, const std::string& path, const char* key, std::optional<int>& value) {
    if (find(object, key) == object.end()) return;
    int number = 0;
    read(object, path, key, number);
    value = number;
  }

  void read(const Json& object, const std::string& path, const char* key, IdSet& value) {
    const auto found = find(object, key);
    if (found == object.end()) return;
    value = read_ids(*found, join(path, key));
  }

  IdSet read_ids(const Json& json, const std::string& path) {
    const auto ids = json.is_string() ? parse_id_set(json.get<std::string>()) : std::nullopt;
    if (!ids) wrong(path, "must be a list of CPUs such as \"0-15,32\"");
    return ids.value_or(IdSet{});
  }

  // Calls `visit` with each element of an array and its path.
  template <class Visit>
  void each(const Json& object, const std::string& path, const char* key, bool of_objects, Visit visit) {
    const auto found = find(object, key);
    if (found == object.end()) return;
    if (!found->is_array()) return wrong(join(path, key), "must be a list");
    for (std::size_t i = 0; i < found->size(); ++i) {
      const std::string element = fmt::format("{}[{}]", join(path, key), i);
      if (of_objects && !(*found)[i].is_object())
        wrong(element, "must be an object");
      else
        visit((*found)[i], element);
    }
  }

  // A matrix of words; it may be absent altogether.
  template <class Value, class Parse>
  void read_matrix(const Json& object, const char* key, std::size_t rows, std::size_t columns,
                   std::vector<std::vector<Value>>& matrix, const char* words, Parse parse) {
    if (find(object, key) == object.end()) return;
    matrix.clear();
    each(object, "", key, false, [&](const Json& row, const std::string& path) {
      auto& values = matrix.emplace_back();
      if (!row.is_array() || row.size() != columns) {
        return wrong(path, fmt::format("must be a list of {} words", columns));
      }
      for (std::size_t i = 0; i < row.size(); ++i) {
        const auto value = row[i].is_string() ? parse(row[i].template get<std::string>()) : std::nullopt;
        if (value)
          values.push_back(*value);
        else
          wrong(fmt::format("{}[{}]", path, i), fmt::format("must be one of {}", words));
      }
    });
    if (matrix.size() != rows) wrong(key, fmt::format("must be a list of {} lists, one for each GPU", rows));
  }

  [[nodiscard]] const std::vector<Problem>& problems() const { return problems_; }

 private:
  static std::string join(const std::string& path, const char* key) {
    return path.empty() ? key : path + "." + key;
  }

  std::string where_;
  std::vector<Problem> problems_;
};

void read_numa_nodes(Reader& reader, const Json& json, Machine& machine) {
  if (reader.find(json, "numa_nodes") == json.end()) reader.wrong("numa_nodes", "is missing");
  IdSet seen;
  reader.each(json, "", "numa_nodes", true, [&](const Json& object, const std::string& path) {
    NumaNode node;
    node.os_index = static_cast<int>(machine.numa_nodes.size());
    reader.read(object, path, "os_index", node.os_index);
    reader.read(object, path, "cpus", node.cpus);
    reader.read(object, path, "memory_bytes", node.memory_bytes);
    const IdSet twice = intersection(seen, node.cpus);
    if (!twice.empty())
      reader.wrong(path + ".cpus", fmt::format("CPUs {} are in two NUMA nodes", to_string(twice)));
    seen = united(seen, node.cpus);
    machine.numa_nodes.push_back(std::move(node));
  });
}

void read_devices(Reader& reader, const Json& json, Machine& machine) {
  const auto check_numa = [&](const std::optional<int>& numa, const std::string& path) {
    const bool known = !numa || std::any_of(machine.numa_nodes.begin(), machine.numa_nodes.end(),
                                            [&](const NumaNode& node) { return node.os_index == *numa; });
    if (!known) reader.wrong(path + ".numa", fmt::format("{} is not among numa_nodes", *numa));
  };
  reader.each(json, "", "gpus", true, [&](const Json& object, const std::string& path) {
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
    if (!gpu.usable) reader.read(object, path, "unusable_because", gpu.unusable_because);
    reader.read(object, path, "link_width", gpu.link_width);
    check_numa(gpu.numa, path);
    machine.gpus.push_back(std::move(gpu));
  });
  reader.each(json, "", "nics", true, [&](const Json& object, const std::string& path) {
    Nic nic;
    std::string kind = to_string(nic.kind);
    reader.read(object, path, "name", nic.name);
    reader.read(object, path, "kind", kind);
    reader.read(object, path, "pci", nic.pci);
    reader.read(object, path, "numa", nic.numa);
    reader.read(object, path, "link_up", nic.link_up);
    reader.read(object, path, "gigabits", nic.gigabits);
    check_numa(nic.numa, path);
    if (const auto known = parse_nic_kind(kind))
      nic.kind = *known;
    else
      reader.wrong(path + ".kind", "must be one of ethernet, infiniband, efa");
    machine.nics.push_back(std::move(nic));
  });
  const std::size_t gpus = machine.gpus.size();
  machine.gpu_nic.assign(gpus, std::vector<Nearness>(machine.nics.size(), Nearness::SYS));
  machine.gpu_gpu.assign(gpus, std::vector<std::string>(gpus, to_string(Nearness::SYS)));
  for (std::size_t i = 0; i < gpus; ++i) machine.gpu_gpu[i][i] = "X";
  reader.read_matrix(json, "gpu_nic", gpus, machine.nics.size(), machine.gpu_nic, "PIX, PXB, PHB, NODE, SYS",
                     [](const std::string& text) { return parse_nearness(text); });
  reader.read_matrix(
      json, "gpu_gpu", gpus, gpus, machine.gpu_gpu, "X, NV#, PIX, PXB, PHB, NODE, SYS",
      [](const std::string& text) { return is_gpu_relation(text) ? std::optional(text) : std::nullopt; });
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

void read_cores(Reader& reader, const Json& json, Machine& machine) {
  IdSet seen;
  reader.each(json, "", "core_cpus", false, [&](const Json& core, const std::string& path) {
    IdSet cpus = reader.read_ids(core, path);
    const IdSet twice = intersection(seen, cpus);
    if (!twice.empty()) reader.wrong(path, fmt::format("CPUs {} are in two cores", to_string(twice)));
    seen = united(seen, cpus);
    machine.core_cpus.push_back(std::move(cpus));
  });
  if (reader.find(json, "core_cpus") == json.end()) machine.core_cpus = assumed_cores(machine);
  if (machine.cores == 0) machine.cores = static_cast<int>(machine.core_cpus.size());
  if (machine.processing_units == 0)
    machine.processing_units = static_cast<int>(allowed_cpus(machine).size());
}

void read_interfaces(Reader& reader, const Json& json, Machine& machine) {
  reader.each(json, "", "interfaces", true, [&](const Json& object, const std::string& path) {
    NetworkInterface interface;
    reader.read(object, path, "name", interface.name);
    reader.read(object, path, "up", interface.up);
    reader.each(object, path, "addresses", false, [&](const Json& address, const std::string& where) {
      if (address.is_string())
        interface.addresses.push_back(address.get<std::string>());
      else
        reader.wrong(where, "must be a string");
    });
    machine.interfaces.push_back(std::move(interface));
  });
}

void read_versions(Reader& reader, const Json& json, Machine& machine) {
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

Machine read_machine(Reader& reader, const Json& json) {
  Machine machine;
  std::string named;
  reader.read(json, "", "schema", named);
  if (named != schema) reader.wrong("schema", fmt::format("must be \"{}\"", schema));
  reader.read(json, "", "host", machine.host);
  reader.read(json, "", "packages", machine.packages);
  reader.read(json, "", "cores", machine.cores);
  reader.read(json, "", "processing_units", machine.processing_units);
  reader.read(json, "", "online_cpus", machine.online_cpus);
  read_numa_nodes(reader, json, machine);
  read_devices(reader, json, machine);
  read_cores(reader, json, machine);
  read_interfaces(reader, json, machine);
  read_versions(reader, json, machine);
  reader.each(json, "", "findings", false, [&](const Json& finding, const std::string& path) {
    if (finding.is_string())
      machine.findings.push_back(finding.get<std::string>());
    else
      reader.wrong(path, "must be a string");
  });
  return machine;
}

}  // namespace

std::string render_machine_json(const Machine& machine) {
  Json json = {{"schema", schema},
               {"host", machine.host},
               {"packages", machine.packages},
               {"cores", machine.cores},
               {"processing_units", machine.processing_units}};
  if (machine.online_cpus > 0) json["online_cpus"] = machine.online_cpus;
  for (const char* list : {"numa_nodes", "gpus", "nics", "gpu_nic", "gpu_gpu", "core_cpus", "findings"}) {
    json[list] = Json::array();
  }
  for (const NumaNode& node : machine.numa_nodes) {
    json["numa_nodes"].push_back(
        {{"os_index", node.os_index}, {"cpus", to_string(node.cpus)}, {"memory_bytes", node.memory_bytes}});
  }
  for (const Gpu& gpu : machine.gpus) json["gpus"].push_back(to_json(gpu));
  for (const Nic& nic : machine.nics) json["nics"].push_back(to_json(nic));
  for (const auto& row : machine.gpu_nic) {
    Json words = Json::array();
    for (const Nearness nearness : row) words.push_back(to_string(nearness));
    json["gpu_nic"].push_back(std::move(words));
  }
  for (const auto& row : machine.gpu_gpu) json["gpu_gpu"].push_back(row);
  for (const IdSet& core : machine.core_cpus) json["core_cpus"].push_back(to_string(core));
  for (const std::string& finding : machine.findings) json["findings"].push_back(finding);
  for (const NetworkInterface& each : machine.interfaces)
    json["interfaces"].push_back({{"name", each.name}, {"up", each.up}, {"addresses", each.addresses}});
  for (const auto& [name, version] : machine.versions) json["versions"][name] = version;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Machine> parse_machine_json(std::string_view text, const std::string& where) {
  Json json;
  try {
    json = Json::parse(text);
  } catch (const nlohmann::json::exception& error) {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: ..."
    const std::string_view what = error.what();
    return failure(Fault::configuration, where,
                   fmt::format("is not JSON: {}", what.substr(what.find(']') + 2)), remedy);
  }
  if (!json.is_object()) return failure(Fault::configuration, where, "must be a JSON object", remedy);
  Reader reader(where);
  Machine machine = read_machine(reader, json);
  if (!reader.problems().empty())
    return tl::unexpected<Error>(Error{Fault::configuration, reader.problems()});
  return machine;
}

Result<Machine> read_machine_file(const std::string& path) {
  const std::string text = read_small_file(path);
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) {
    return failure(
        Fault::configuration, path, "is empty or cannot be read",
        "give an XML file that lstopo wrote, or the JSON that smlaunch topology --format json prints");
  }
  return text[first] == '<' ? read_machine_xml(path) : parse_machine_json(text, path);
}

}  // namespace smlaunch
