// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/resource_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "base/host_name.hpp"

namespace smlaunch {
namespace {

constexpr const char* default_interface = "eth0";

using HostPlaces = std::unordered_map<std::string, std::string>;  // host -> the JSON path that named it

// The text under `key`, or `otherwise`; any other kind of value is a problem.
std::string text_or(const PyValue& config, const char* key, const char* otherwise, ConfigProblems& problems) {
  const PyValue* value = config.find(key);
  if (value == nullptr) return otherwise;
  const std::string* text = problems.expect_text(*value, key);
  if (text != nullptr && text->empty()) problems.add(key, "is empty");
  if (text != nullptr && text->find('\0') != std::string::npos) problems.add(key, "holds a NUL byte");
  return text == nullptr ? otherwise : *text;
}

// Where it is null or empty, it counts as missing.
std::string interface_name(const PyValue& config, ConfigProblems& problems) {
  constexpr const char* key = "network_interface_name";
  const PyValue* value = config.find(key);
  const bool is_named =
      value != nullptr && !std::holds_alternative<PyNone>(value->data) && *value != PyValue{std::string()};
  return is_named ? text_or(config, key, default_interface, problems) : default_interface;
}

HostPlaces parse_hosts(Environment& environment, ConfigProblems& problems) {
  HostPlaces places;
  const PyValue* value = environment.resource_config.find("hosts");
  if (value == nullptr)
    return problems.add("hosts", "is missing", "list the names of all hosts of the job"), places;
  const PyList* list = problems.expect_list(*value, "hosts");
  if (list == nullptr) return places;
  if (list->empty()) problems.add("hosts", "is empty", "list the names of all hosts of the job");
  for (std::size_t i = 0; i < list->size(); ++i) {
    const std::string path = json_path("hosts", i);
    const std::string* name = problems.expect_text((*list)[i], path);
    if (name == nullptr) continue;
    if (const auto problem = host_name_problem(*name)) {
      problems.add(path, fmt::format("{} is no host name: it {}", describe_value((*list)[i]), *problem));
    }
    const auto [first, is_new] = places.try_emplace(*name, path);
    if (!is_new)
      problems.add(path, fmt::format("{} is already {}", describe_value((*list)[i]), first->second));
    environment.hosts.push_back(*name);
  }
  return places;
}

void parse_group_hosts(InstanceGroup& group, const PyValue& value, const std::string& path,
                       const HostPlaces& hosts, HostPlaces& grouped, ConfigProblems& problems) {
  const PyList* list = problems.expect_list(value, path);
  if (list == nullptr) return;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const std::string place = json_path(path, i);
    const std::string* name = problems.expect_text((*list)[i], place);
    if (name == nullptr) continue;
    if (!hosts.empty() && hosts.find(*name) == hosts.end()) {
      problems.add(place, fmt::format("{} is not in hosts", describe_value((*list)[i])));
    }
    const auto [first, is_new] = grouped.try_emplace(*name, place);
    if (!is_new)
      problems.add(place, fmt::format("{} is already {}", describe_value((*list)[i]), first->second));
    group.hosts.push_back(*name);
  }
}

void parse_groups(Environment& environment, const HostPlaces& hosts, ConfigProblems& problems) {
  const PyValue* value = environment.resource_config.find("instance_groups");
  if (value == nullptr) return;
  const PyList* list = problems.expect_list(*value, "instance_groups");
  if (list == nullptr) return;
  HostPlaces grouped;
  std::unordered_set<std::string> names;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const std::string path = json_path("instance_groups", i);
    const PyValue& entry = (*list)[i];
    if (problems.expect_dict(entry, path) == nullptr) continue;
    InstanceGroup group;
    const auto text = [&](const char* key, bool required) {
      const std::string place = json_path(path, key);
      const PyValue* found = entry.find(key);
      if (found == nullptr && required) problems.add(place, "is missing");
      const std::string* content = found == nullptr ? nullptr : problems.expect_text(*found, place);
      return content == nullptr ? std::string() : *content;
    };
    group.name = text("instance_group_name", true);
    group.instance_type = text("instance_type", false);
    if (!group.name.empty() && !names.insert(group.name).second) {
      problems.add(json_path(path, "instance_group_name"),
                   fmt::format("a second group named {}", group.name));
    }
    const PyValue* group_hosts = entry.find("hosts");
    const std::string place = json_path(path, "hosts");
    if (group_hosts == nullptr) {
      problems.add(place, "is missing");
    } else {
      parse_group_hosts(group, *group_hosts, place, hosts, grouped, problems);
    }
    environment.instance_groups.push_back(std::move(group));
  }
}

const InstanceGroup* find_group(const Environment& environment, const std::string& name) {
  const auto& groups = environment.instance_groups;
  const auto found =
      std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.name == name; });
  return found == groups.end() ? nullptr : &*found;
}

// The group of a file's instance_groups that lists `host`; the file need not be sound.
const PyValue* find_group_of_host(const PyValue& config, const std::string& host) {
  const PyValue* groups = config.find("instance_groups");
  if (groups == nullptr || groups->list() == nullptr) return nullptr;
  for (const PyValue& group : *groups->list()) {
    const PyValue* hosts = group.find("hosts");
    if (hosts == nullptr || hosts->list() == nullptr) continue;
    const auto is_host = [&](const PyValue& entry) {
      return entry.string() != nullptr && *entry.string() == host;
    };
    if (std::any_of(hosts->list()->begin(), hosts->list()->end(), is_host)) return &group;
  }
  return nullptr;
}

std::string text_in(const PyValue& config, const char* key, const char* otherwise) {
  const PyValue* value = config.find(key);
  return value == nullptr || value->string() == nullptr ? otherwise : *value->string();
}

}  // namespace

void parse_resource_config(Environment& environment, bool may_be_no_host, ConfigProblems& problems) {
  const PyValue& config = environment.resource_config;
  if (problems.expect_dict(config, "") == nullptr) return;
  const HostPlaces hosts = parse_hosts(environment, problems);

  if (const PyValue* current = config.find("current_host"); current == nullptr) {
    problems.add("current_host", "is missing", "name the one of hosts that this machine is");
  } else if (const std::string* name = problems.expect_text(*current, "current_host"); name != nullptr) {
    environment.current_host = *name;
    const bool is_no_host = may_be_no_host && name->empty();
    if (!hosts.empty() && !is_no_host && hosts.find(*name) == hosts.end()) {
      problems.add("current_host", fmt::format("{} is not in hosts", describe_value(*current)),
                   "name the one of hosts that this machine is, here or with --current-host");
    }
  }
  parse_groups(environment, hosts, problems);
  environment.current_instance_type = text_or(config, "current_instance_type", "local", problems);
  environment.current_instance_group = text_or(config, "current_group_name", default_group, problems);
  environment.network_interface = interface_name(config, problems);

  const std::string& group_name = environment.current_instance_group;
  if (const InstanceGroup* group = find_group(environment, group_name); group != nullptr) {
    environment.current_instance_group_hosts = group->hosts;
  } else if (!environment.instance_groups.empty() && config.find("current_group_name") != nullptr) {
    environment.warnings.push_back(problems.make(
        "current_group_name", fmt::format("no group of instance_groups is named {}", group_name)));
  }
  environment.is_hetero = environment.instance_groups.size() > 1;
}

PyValue resource_config_of_host(const PyValue& config, const std::string& host) {
  const PyValue* group = find_group_of_host(config, host);
  const PyValue* group_name = group == nullptr ? nullptr : group->find("instance_group_name");
  const PyValue* type = group == nullptr ? nullptr : group->find("instance_type");
  PyValue own = config;
  for (auto& [key, value] : std::get<PyDict>(own.data)) {
    if (key == "current_host") value = {host};
    if (key == "current_group_name" && group_name != nullptr) value = *group_name;
    if (key == "current_instance_type" && type != nullptr) value = *type;
  }
  return own;
}

std::string instance_type_in(const PyValue& config) {
  return text_in(config, "current_instance_type", "local");
}
std::string instance_group_in(const PyValue& config) {
  return text_in(config, "current_group_name", default_group);
}

}  // namespace smlaunch
