// SPDX-License-Identifier: Apache-2.0
// The keys of every object are written in sorted order, by hand: this text is the canonical form that is
// hashed.
#include "launcher/plan/plan_json.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "base/digest.hpp"
#include "base/hex.hpp"
#include "base/json_writer.hpp"
#include "launcher/plan/redaction.hpp"

namespace smlaunch {

namespace {

// SM_RESOURCE_CONFIG and SM_TRAINING_ENV name every host and differ on every host: in a plan of thousands of
// ranks they would take gigabytes. Where all of them together are longer than this, only their names are
// written, with this text instead of their values.
constexpr std::size_t most_host_variable_bytes = 16U << 20U;
constexpr std::string_view each_hosts_own = "<each host's own>";

void write_variables(JsonWriter& json, const Variables& variables, const Redactor& redactor) {
  for (const auto& [name, value] : variables) json.key(name).value(redactor.variable(name, value));
}

void write_gpu(JsonWriter& json, const Machine& machine, const Placement& placement) {
  json.key("gpu");
  if (!placement.gpu) {
    json.null();
    return;
  }
  const Gpu& gpu = machine.gpu(*placement.gpu);
  json.open_object().key("index").value(cuda_index(machine, *placement.gpu));
  json.key("model").value(gpu.model);
  json.key("pci").value(gpu.pci);
  json.key("uuid").value(gpu.uuid).close_object();
}

void write_nic(JsonWriter& json, const Machine& machine, const Placement& placement) {
  json.key("nic");
  if (!placement.nic) {
    json.null();
    return;
  }
  json.open_object().key("name").value(machine.nic(*placement.nic).name);
  json.key("path").value(to_string(placement.nic_path)).close_object();
}

// The text of a placement on a machine. Ranks that share both have the same text, so it is made once.
struct PlacementText {
  std::string cpus, gpu, nic, numa, why;  // each a member, with its key
};

PlacementText write_placement(const Machine& machine, const Placement& placement) {
  PlacementText text;
  const auto taken = [](auto write) {
    JsonWriter json;
    write(json);
    return json.take();
  };
  const IdSet& cpus = placement.cpus;
  text.cpus = taken([&](JsonWriter& json) { json.key("cpus").value(to_string(cpus)); });
  text.gpu = taken([&](JsonWriter& json) { write_gpu(json, machine, placement); });
  text.nic = taken([&](JsonWriter& json) { write_nic(json, machine, placement); });
  text.numa = taken([&](JsonWriter& json) {
    json.key("numa");
    if (placement.numa.empty()) {
      json.null();
      return;
    }
    json.open_list();
    for (const int node : placement.numa) json.value(node);
    json.close_list();
  });
  text.why = taken([&](JsonWriter& json) { json.key("why").value(placement.why); });
  return text;
}

// Members of a rank's `environment` that come from its host, as text. All members that begin with SM_ are one
// text: no variable of a rank sorts between them.
struct HostVariableText {
  std::string first_name;
  std::string members;
};

class HostVariableTexts {
 public:
  HostVariableTexts(const LaunchPlan& plan, const Redactor& redactor) : plan_(plan), redactor_(redactor) {
    if (plan.cluster.hosts.size() == 1) return;
    const Variables first = variables_of_host(plan, NodeRank{0});
    std::size_t bytes = 0;
    for (const auto& [name, value] : first) bytes += value.size();
    if (bytes * static_cast<std::size_t>(plan.world_size()) <= most_host_variable_bytes) return;
    const Variables brief = brief_variables_of_host(plan, NodeRank{0});
    for (const auto& [name, value] : first)
      if (!brief.contains(name)) named_only_.emplace(name, each_hosts_own);
  }

  std::vector<HostVariableText> of(NodeRank node_rank) const {
    Variables own =
        named_only_.empty() ? variables_of_host(plan_, node_rank) : brief_variables_of_host(plan_, node_rank);
    own.insert(named_only_.begin(), named_only_.end());
    std::vector<HostVariableText> texts;
    JsonWriter json;
    const auto end_text = [&] {
      if (!texts.empty()) texts.back().members = std::exchange(json, JsonWriter()).take();
    };
    bool in_sm = false;
    for (const auto& [name, value] : own) {
      const bool is_sm = name.starts_with("SM_");
      if (!is_sm || !in_sm) {
        end_text();
        texts.push_back({name, {}});
      }
      in_sm = is_sm;
      json.key(name).value(redactor_.variable(name, value));
    }
    end_text();
    return texts;
  }

 private:
  const LaunchPlan& plan_;
  const Redactor& redactor_;
  Variables named_only_;
};

void write_ranks(JsonWriter& json, const LaunchPlan& plan, const Redactor& redactor) {
  json.key("ranks").open_list();
  const HostVariableTexts host_texts(plan, redactor);
  // Hosts of one kind share their placements, but their devices have different names.
  std::map<std::pair<const Machine*, const Placement*>, PlacementText> placements;
  std::vector<HostVariableText> of_host;
  std::optional<NodeRank> host;
  for (const RankPlace& place : plan.layout.ranks) {
    const Host& at = plan.cluster.hosts[place.node_rank];
    auto [text, is_new] = placements.try_emplace({at.machine.get(), place.placement.get()});
    if (is_new) text->second = write_placement(*at.machine, *place.placement);
    if (place.node_rank != host) {
      host = place.node_rank;
      of_host = host_texts.of(place.node_rank);
    }
    json.open_object();
    json.raw(text->second.cpus);
    json.key("environment").open_object();
    auto next = of_host.begin();
    // variables_of_rank() gives our own numbers: there is nothing to redact.
    for (const auto& [name, value] : variables_of_rank(plan, place.rank)) {
      for (; next != of_host.end() && next->first_name < name; ++next) json.raw(next->members);
      json.key(name).value(value);
    }
    for (; next != of_host.end(); ++next) json.raw(next->members);
    json.close_object();
    json.raw(text->second.gpu);
    json.key("host").value(at.name);
    json.key("local_rank").value(place.local_rank.value);
    json.raw(text->second.nic);
    json.key("node_rank").value(plan.first_node_rank + place.node_rank.value);
    json.raw(text->second.numa);
    json.key("rank").value(plan.first_rank + place.rank.value);
    json.raw(text->second.why);
    json.close_object();
  }
  json.close_list();
}

void write_hosts(JsonWriter& json, const LaunchPlan& plan) {
  json.key("hosts").open_list();
  for (const NodeRank node_rank : plan.cluster.hosts.indices()) {
    const Host& host = plan.cluster.hosts[node_rank];
    json.open_object();
    json.key("gpus").value(host.machine->usable_gpus());
    json.key("group").value(host.group);
    json.key("instance_type").value(host.instance_type);
    json.key("name").value(host.name);
    json.key("node_rank").value(plan.first_node_rank + node_rank.value);
    json.key("ranks").value(plan.layout.ranks_per_host[node_rank]);
    json.key("topology").value(to_string(host.source));
    json.close_object();
  }
  json.close_list();
}

void write_smoke(JsonWriter& json, const LaunchPlan& plan, const Redactor& redactor) {
  json.key("smoke");
  if (!plan.smoke) {
    json.null();
    return;
  }
  json.open_object().key("backend").value(plan.smoke->backend);
  json.key("bytes").value(plan.smoke->bytes);
  json.key("command").list(redactor.arguments(plan.smoke->command));
  json.key("timeout_seconds").value(plan.smoke->timeout_seconds).close_object();
}

void write_sources(JsonWriter& json, const LaunchPlan& plan, const Redactor& redactor) {
  std::map<std::string, std::string> sources;
  for (const auto& [name, source] : plan.sources) {
    std::string& text = sources[name];
    text += (text.empty() ? "" : "; ") + source;
  }
  if (!plan.smoke) sources["smoke"] = plan.smoke_reason;
  json.key("sources").open_object();
  for (const auto& [name, source] : sources) json.key(name).value(redactor.text(source));
  json.close_object();
}

// Everything, or (for the hash) without `hash`, `sources` and `current_host`.
void write_plan(const LaunchPlan& plan, bool for_hash, const JsonWriter::Sink& sink) {
  const Variables all = common_variables(plan);
  const Redactor redactor(all, plan.command);
  JsonWriter json(sink);
  json.open_object();
  json.key("command").list(redactor.arguments(plan.command));
  if (!for_hash) json.key("current_host").value(plan.current_host);
  json.key("engine").value(to_string(plan.engine));
  json.key("entry_point").open_object();
  json.key("arguments").list(redactor.arguments(plan.entry_point.arguments));
  json.key("kind").value(to_string(plan.entry_point.kind));
  json.key("name").value(plan.entry_point.name);
  json.key("working_directory").value(plan.entry_point.working_directory.string()).close_object();
  json.key("environment").open_object();
  write_variables(json, all, redactor);
  json.close_object();
  if (!for_hash) json.key("hash").value(plan.hash);
  write_hosts(json, plan);
  json.key("launcher").value(to_string(plan.launcher));
  json.key("leader").value(plan.leader);
  json.key("master_port");
  if (plan.master_port)
    json.value(*plan.master_port);
  else
    json.null();
  json.key("network_interface").value(plan.network_interface);
  json.key("process_command").list(redactor.arguments(plan.process_command));
  write_ranks(json, plan, redactor);
  json.key("schema").value("smlaunch.plan/1");
  write_smoke(json, plan, redactor);
  if (!for_hash) write_sources(json, plan, redactor);
  if (!plan.spare_hosts.empty()) json.key("spare_hosts").list(plan.spare_hosts);
  json.key("warnings").open_list();
  for (const std::string& warning : plan.warnings) json.value(redactor.text(warning));
  json.close_list();
  json.key("world_size").value(std::max(plan.job_world_size, plan.world_size()));
  json.close_object();
  json.finish();
}

}  // namespace

void write_plan_json(const LaunchPlan& plan, const std::function<void(std::string_view)>& sink) {
  write_plan(plan, false, sink);
  sink("\n");
}

std::string render_plan_json(const LaunchPlan& plan) {
  std::string text;
  write_plan_json(plan, [&](std::string_view piece) { text += piece; });
  return text;
}

std::string plan_hash(const LaunchPlan& plan) {
  Sha256 sum;
  write_plan(plan, true, [&](std::string_view piece) { sum.add(piece); });
  return to_hex(sum.finish());
}

}  // namespace smlaunch
