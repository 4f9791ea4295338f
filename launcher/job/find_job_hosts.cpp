// SPDX-License-Identifier: Apache-2.0
// Policy: hosts that are named win over a scheduler's, and so does a resource config, unless --scheduler says
// which one to ask: who starts smlaunch on SageMaker, or names hosts, means those.
#include "launcher/job/find_job_hosts.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "base/host_list.hpp"
#include "base/host_name.hpp"
#include "base/read_file.hpp"
#include "launcher/contract/paths.hpp"
#include "launcher/job/base_folder.hpp"
#include "launcher/scheduler/excluded_hosts.hpp"

namespace smlaunch {

namespace {

// No list of hosts is longer: 64 bytes for each of a million.
constexpr std::size_t longest_list = 64U << 20U;

bool has_resource_config(const Options& options, const Variables& variables) {
  const Paths paths = make_paths(find_base_folder(options, variables, false).path);
  std::error_code error;
  return std::filesystem::exists(paths.input_config / "resourceconfig.json", error);
}

bool may_ask_scheduler(const Options& options, const Variables& variables) {
  if (options.resource_config || options.scheduler == SchedulerOption::none) return false;
  return options.scheduler != SchedulerOption::automatic || !has_resource_config(options, variables);
}

bool is_named_by_options(const Options& options) {
  return options.nnodes || options.node_rank || options.master_addr;
}

void take_self_started(SelfStarted found, JobHosts& hosts) {
  hosts.slots.emplace();
  for (const std::string& name : found.names) hosts.slots->push_back({name, found.ranks_per_host});
  hosts.source = found.source;
  hosts.self_started = std::move(found);
}

Result<JobHosts> find_all_hosts(const Options& options, const Variables& variables) {
  JobHosts hosts;
  auto given = read_given_hosts(options, *hosts.names);
  if (!given) return tl::unexpected(given.error());
  hosts.slots = std::move(*given);
  if (hosts.slots && is_named_by_options(options))
    return failure(
        Fault::usage, source_of(options, options.hosts ? "hosts" : "hostfile", "--hosts"),
        "names hosts that this one starts, and --nnodes, --node-rank and --master-addr are for hosts that "
        "start themselves",
        "give the one or the other");
  if (hosts.slots) {
    hosts.source = options.hosts ? source_of(options, "hosts", "option --hosts")
                                 : source_of(options, "hostfile", "option --hostfile");
    return hosts;
  }
  const bool may_ask = may_ask_scheduler(options, variables);
  if (is_named_by_options(options) || (may_ask && options.scheduler == SchedulerOption::pet)) {
    auto found = find_self_started(options, variables);
    if (!found) return tl::unexpected(found.error());
    if (*found) {
      take_self_started(std::move(**found), hosts);
      return hosts;
    }
    // --nnodes 1: this host alone, however many a scheduler has given us.
    if (options.nnodes) return hosts;
  }
  if (!may_ask) return hosts;
  const SchedulerWorld world = {probe_host_name(),
                                [](const std::string& file) { return read_given_file(file, longest_list); }};
  auto allocation = find_allocation(options, variables, world);
  if (!allocation) return tl::unexpected(allocation.error());
  if (!*allocation && options.scheduler == SchedulerOption::automatic) {
    auto found = find_self_started(options, variables);
    if (!found) return tl::unexpected(found.error());
    if (*found) take_self_started(std::move(**found), hosts);
  }
  if (!*allocation) return hosts;
  hosts.slots = (*allocation)->hosts;
  hosts.source = (*allocation)->source;
  hosts.self_started = (*allocation)->self_started;
  if (hosts.self_started) hosts.source = hosts.self_started->source;
  hosts.allocation = std::move(**allocation);
  return hosts;
}

}  // namespace

Result<void> exclude_hosts(const Options& options, const std::optional<std::string>& text, JobHosts& hosts) {
  if (!options.exclude && !options.exclude_file) return {};
  const std::string option = source_of(options, "exclude", "option --exclude");
  const std::string file_option = source_of(options, "exclude-file", "option --exclude-file");
  const std::string by = !options.exclude        ? file_option
                         : !options.exclude_file ? option
                                                 : fmt::format("{}, {}", option, file_option);
  std::vector<std::string> excluded;
  if (options.exclude) {
    const auto named = parse_host_option(*options.exclude, option);
    if (!named) return tl::unexpected(named.error());
    for (const HostSlots& host : *named) excluded.push_back(host.name);
  }
  if (text) {
    const auto named = parse_excluded_file(*text, *options.exclude_file);
    if (!named) return tl::unexpected(named.error());
    excluded.insert(excluded.end(), named->begin(), named->end());
  }
  if (!hosts.slots || hosts.self_started)
    return failure(
        Fault::usage, by,
        fmt::format("takes no host out here: every host{} starts smlaunch, and waits for the others",
                    hosts.slots ? "" : " of the resource config"),
        "leave it out, or name the hosts with --hosts");
  const std::vector<std::string> out = take_out_hosts(*hosts.slots, excluded);
  if (hosts.slots->empty())
    return failure(Fault::usage, by, fmt::format("takes all hosts out: {}", join_names(out)),
                   "exclude fewer hosts, or name more");
  if (!out.empty()) hosts.source += fmt::format("; without {} ({})", join_names(out), by);
  return {};
}

Result<JobHosts> find_job_hosts(const Options& options, const Variables& variables) {
  auto hosts = find_all_hosts(options, variables);
  if (!hosts) return hosts;
  if (hosts->self_started && options.current_host)
    return failure(Fault::usage, source_of(options, "current-host", "--current-host"),
                   "has no meaning for hosts that start themselves: the node rank says which of them this is",
                   "leave it out");
  std::optional<std::string> text;
  if (options.exclude_file) {
    auto read = read_given_file(*options.exclude_file, longest_list);
    if (!read) {
      read.error().problems.front().where = fmt::format("--exclude-file {}", *options.exclude_file);
      return tl::unexpected(std::move(read.error()));
    }
    text = std::move(*read);
  }
  if (auto excluded = exclude_hosts(options, text, *hosts); !excluded)
    return tl::unexpected(excluded.error());
  return hosts;
}

}  // namespace smlaunch
