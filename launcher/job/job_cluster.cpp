// SPDX-License-Identifier: Apache-2.0
#include "launcher/job/job_cluster.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "launcher/plan/starter.hpp"
#include "topology/with_gpus.hpp"

namespace smlaunch {

namespace {

// Each host's number of ranks: option, hyperparameter, slots, GPUs, Neuron cores, 1.
class RanksPerHost {
 public:
  RanksPerHost(const Options& options, const Facts& facts, LauncherKind launcher, const ProcessCounts& counts)
      : environment_(*facts.environment), one_for_each_gpu_(launcher == LauncherKind::xla) {
    if (facts.allocation) slots_source_ = facts.allocation->slots_source;
    if (facts.self_started && !facts.allocation) slots_source_ = facts.self_started->ranks_source;
    if (launcher == LauncherKind::process) {
      fixed_ = 1;
      source_ = "launcher process: one on each host";
    } else if (one_for_each_gpu_) {
      source_ = "launcher xla: one for each GPU";
    } else if (options.processes_per_host) {
      fixed_ = *options.processes_per_host;
      source_ = source_of(options, "processes-per-host", "option --processes-per-host");
    } else if (counts.per_host) {
      fixed_ = counts.per_host;
      source_ = counts.per_host_source;
    } else if (facts.given_hosts) {
      for (const HostSlots& host : *facts.given_hosts)
        if (host.slots) slots_[host.name] = *host.slots;
    }
  }

  int of(const std::string& host, const Machine& machine) {
    if (fixed_) return *fixed_;
    if (one_for_each_gpu_) return std::max(1, machine.usable_gpus());
    if (const auto found = slots_.find(host); found != slots_.end())
      return said(slots_source_, found->second);
    if (machine.usable_gpus() > 0) return said("GPUs", machine.usable_gpus());
    if (environment_.num_neurons > 0) return said("Neuron cores", environment_.num_neurons);
    return said("default", 1);
  }

  [[nodiscard]] const std::string& source() const { return source_; }

 private:
  int said(const std::string& source, int number) {
    if (source_.empty()) source_ = source;
    return number;
  }

  const Environment& environment_;
  bool one_for_each_gpu_ = false;
  std::optional<int> fixed_;
  std::map<std::string, int> slots_;
  std::string slots_source_ = "slots given";
  std::string source_;
};

std::shared_ptr<const Machine> as_planned(const Options& options, Machine machine) {
  if (options.gpus_per_host) machine = with_gpus(std::move(machine), *options.gpus_per_host);
  return std::make_shared<const Machine>(std::move(machine));
}

// Saved machines: FILE for every host, HOST=FILE for one.
Result<MachinesByHost> read_topologies(const Options& options, const Questions& ask,
                                       const std::vector<std::string>& hosts,
                                       const std::vector<std::string>& spares) {
  MachinesByHost machines;
  Error problems{Fault::configuration, {}};
  const auto is_host = [&](const std::string& name) {
    return std::find(hosts.begin(), hosts.end(), name) != hosts.end() ||
           std::find(spares.begin(), spares.end(), name) != spares.end();
  };
  for (const std::string& text : options.topology) {
    const std::size_t equals = text.find('=');
    const bool for_one = equals != std::string::npos && is_host(text.substr(0, equals));
    if (equals != std::string::npos && !for_one && !ask.is_readable(text)) {
      problems.problems.push_back({"--topology " + text,
                                   fmt::format("{} is none of the hosts", text.substr(0, equals)),
                                   "HOST=FILE needs a host of the job"});
      continue;
    }
    auto machine = ask.saved_machine(for_one ? text.substr(equals + 1) : text);
    if (!machine) {
      problems.problems.insert(problems.problems.end(), machine.error().problems.begin(),
                               machine.error().problems.end());
      continue;
    }
    machines[for_one ? text.substr(0, equals) : ""] = as_planned(options, std::move(*machine));
  }
  if (!problems.problems.empty()) return tl::unexpected(std::move(problems));
  return machines;
}

// They are not asked over SSH before the run: they need not come.
HostDomains domains_of_spares(const MachinesByHost& saved, const std::vector<std::string>& spares) {
  HostDomains domains;
  for (const std::string& name : spares) {
    const auto one = saved.contains(name) ? saved.find(name) : saved.find("");
    if (one == saved.end()) continue;
    if (const auto domain = domain_of(*one->second)) domains[name] = *domain;
  }
  return domains;
}

using Groups = std::map<std::string, const InstanceGroup*>;

Groups groups_by_host(const Environment& environment) {
  Groups groups;
  for (const InstanceGroup& group : environment.instance_groups)
    for (const std::string& host : group.hosts) groups.emplace(host, &group);
  return groups;
}

void set_instance(Host& host, const Environment& environment, const Groups& groups) {
  const auto group = groups.find(host.name);
  host.group = group == groups.end() ? "" : group->second->name;
  host.instance_type = group == groups.end() ? "" : group->second->instance_type;
  if (host.instance_type.empty()) host.instance_type = environment.current_instance_type;
}

std::string source_of_machines(const Options& options, std::size_t hosts, bool were_asked) {
  std::string source = !options.topology.empty() ? source_of(options, "topology", "")
                       : were_asked              ? "each host was asked over SSH"
                       : hosts == 1              ? "this machine"
                                                 : "this machine; the other hosts are assumed to be like it";
  if (options.gpus_per_host)
    source += fmt::format("; {} GPUs on each by {}", *options.gpus_per_host,
                          source_of(options, "gpus-per-host", "option --gpus-per-host"));
  return source;
}

}  // namespace

void set_instance(Host& host, const Environment& environment) {
  set_instance(host, environment, groups_by_host(environment));
}

Result<void> check_ranks_of_xla(const Options& options, LauncherKind launcher, const Cluster& cluster) {
  if (launcher != LauncherKind::xla || !options.processes_per_host) return {};
  for (const Host& host : cluster.hosts) {
    const int gpus = host.machine->usable_gpus();
    if (gpus > 0 && gpus != *options.processes_per_host)
      return failure(Fault::usage, source_of(options, "processes-per-host", "--processes-per-host"),
                     fmt::format("under launcher xla each host has a rank for each of its GPUs, {} on {}",
                                 gpus, host.name),
                     "leave it out, or take --launcher torchrun");
  }
  return {};
}

Result<JobMachines> make_cluster(const Options& options, const Facts& facts, LauncherKind launcher,
                                 const ProcessCounts& counts, const std::vector<std::string>& hosts,
                                 const std::vector<std::string>& spares, Sources& sources) {
  const Environment& environment = *facts.environment;
  RanksPerHost ranks(options, facts, launcher, counts);
  auto saved = read_topologies(options, facts.ask, hosts, spares);
  if (!saved) return tl::unexpected(saved.error());
  MachinesByHost asked;
  if (options.probe && !saved->contains("")) {
    std::vector<std::string> others;
    for (const std::string& name : hosts)
      if (name != environment.current_host && !saved->contains(name)) others.push_back(name);
    auto answers = facts.ask.machines_of_hosts(others);
    if (!answers) return tl::unexpected(answers.error());
    asked = std::move(*answers);
    if (options.gpus_per_host)
      for (auto& [name, machine] : asked) machine = as_planned(options, *machine);
  }
  const auto here = std::make_shared<const Machine>(facts.machine);
  const auto groups = groups_by_host(environment);
  Cluster cluster;
  cluster.hosts.reserve(hosts.size());
  for (const std::string& name : hosts) {
    Host host;
    host.name = name;
    set_instance(host, environment, groups);
    const auto one = saved->find(name);
    const auto all = saved->find("");
    if (one != saved->end() || all != saved->end()) {
      host.machine = one != saved->end() ? one->second : all->second;
      host.source = TopologySource::file;
    } else if (const auto answer = asked.find(name); answer != asked.end()) {
      host.machine = answer->second;
      host.source = TopologySource::probed;
    } else {
      host.machine = here;
      // As the leader sees it: every host of the job prints the same plan, with the same hash.
      const bool here_or_leads = hosts.size() == 1
                                     ? name == environment.current_host
                                     : name == environment.leader && !environment.current_host.empty();
      host.source = here_or_leads || (!asked.empty() && name == environment.current_host)
                        ? TopologySource::probed
                        : TopologySource::assumed;
    }
    host.ranks = ranks.of(name, *host.machine);
    cluster.hosts.push_back(std::move(host));
  }
  sources.emplace_back("processes_per_host", ranks.source());
  sources.emplace_back("topology", source_of_machines(options, hosts.size(), !asked.empty()));
  HostDomains domains = domains_of_spares(*saved, spares);
  for (const Host& host : cluster.hosts)
    if (const auto domain = domain_of(*host.machine); domain && host.source != TopologySource::assumed)
      domains[host.name] = *domain;
  return JobMachines{.cluster = std::move(cluster), .domains = std::move(domains)};
}

}  // namespace smlaunch
