// SPDX-License-Identifier: Apache-2.0
// Policy: an option wins over its variable, one by one, as torchrun has it. The names of the other hosts are for
// people, SM_HOSTS and messages: nobody connects to them.
#include "launcher/scheduler/self_started.hpp"

#include <fmt/format.h>

#include <charconv>
#include <string_view>
#include <utility>

namespace smlaunch {

namespace {

constexpr int most_nodes = 65536;
constexpr int most_port = 65535;

// A value, and who says it; empty: nobody.
struct Said {
  std::string value;
  std::string source;
  Fault fault = Fault::configuration;
};

Said say_first(const Variables& variables, std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (const auto found = variables.find(name); found != variables.end() && !found->second.empty())
      return {found->second, name, Fault::configuration};
  return {};
}

Said by_option(const Options& options, const std::string& name, const std::string& value) {
  return {value, source_of(options, name, "--" + name), Fault::usage};
}

Result<int> take_number(const Said& said, int least, int most) {
  int number = 0;
  const char* end = said.value.data() + said.value.size();
  const auto [stopped, error] = std::from_chars(said.value.data(), end, number);
  if (error == std::errc() && stopped == end && number >= least && number <= most) return number;
  return failure(said.fault, said.source,
                 fmt::format("\"{}\" is no number from {} to {}", said.value, least, most), "");
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

bool is_indexed_job(const Variables& variables) {
  return !say_first(variables, {"JOB_COMPLETION_INDEX"}).value.empty() &&
         !say_first(variables, {"MASTER_ADDR"}).value.empty() &&
         !say_first(variables, {"WORLD_SIZE"}).value.empty();
}

bool is_asked_for(const Options& options) {
  return options.nnodes || options.node_rank || options.master_addr;
}

bool may_ask_environment(const Options& options) {
  return options.scheduler == SchedulerOption::automatic || options.scheduler == SchedulerOption::pet;
}

struct Place {
  Said nodes;
  Said rank;
  Said address;
  Said port;
};

Place find_place(const Options& options, const Variables& variables) {
  Place place;
  if (may_ask_environment(options)) {
    place.nodes = say_first(variables, {"PET_NNODES"});
    place.rank = say_first(variables, {"PET_NODE_RANK"});
    place.address = say_first(variables, {"PET_MASTER_ADDR"});
    place.port = say_first(variables, {"PET_MASTER_PORT"});
    if (is_asked_for(options) || !place.nodes.value.empty() || is_indexed_job(variables)) {
      if (place.rank.value.empty()) place.rank = say_first(variables, {"JOB_COMPLETION_INDEX"});
      if (place.address.value.empty()) place.address = say_first(variables, {"MASTER_ADDR"});
      if (place.port.value.empty()) place.port = say_first(variables, {"MASTER_PORT"});
    }
    if (place.nodes.value.empty() && is_indexed_job(variables))
      place.nodes = say_first(variables, {"WORLD_SIZE"});
  }
  if (options.nnodes) place.nodes = by_option(options, "nnodes", std::to_string(*options.nnodes));
  if (options.node_rank) place.rank = by_option(options, "node-rank", std::to_string(*options.node_rank));
  if (options.master_addr) place.address = by_option(options, "master-addr", *options.master_addr);
  if (options.master_port)
    place.port = by_option(options, "master-port", std::to_string(*options.master_port));
  return place;
}

tl::unexpected<Error> lacks(const Place& place, const std::string& what) {
  const Said& by =
      place.nodes.value.empty() ? (place.rank.value.empty() ? place.address : place.rank) : place.nodes;
  return failure(by.fault, by.source.empty() ? "--nnodes" : by.source,
                 fmt::format("every host starts smlaunch itself, and nothing says {}", what),
                 "give --nnodes N --node-rank R --master-addr HOST on every host, R from 0 on");
}

}  // namespace

std::vector<std::string> name_nodes(const std::string& first, int nodes) {
  const std::string label = first.substr(0, first.find('.'));
  constexpr std::string_view of_operator = "-master-0";
  std::vector<std::string> names = {first};
  int number = 0;
  for (int i = 1; i < nodes; ++i) {
    if (label.ends_with(of_operator))
      names.push_back(fmt::format("{}-worker-{}", label.substr(0, label.size() - of_operator.size()), i - 1));
    else if (label.ends_with("-0"))
      names.push_back(fmt::format("{}-{}", label.substr(0, label.size() - 2), i));
    else {
      std::string name = fmt::format("node-{}", ++number);
      if (name == label) name = fmt::format("node-{}", ++number);  // the first is called so
      names.push_back(std::move(name));
    }
  }
  return names;
}

Result<std::optional<SelfStarted>> find_self_started(const Options& options, const Variables& variables) {
  const Place place = find_place(options, variables);
  if (place.nodes.value.empty() && !is_asked_for(options)) return std::nullopt;
  if (place.nodes.value.empty()) return lacks(place, "how many hosts there are");
  const auto nodes = take_number(place.nodes, 1, most_nodes);
  // torchrun's range, MIN:MAX.
  if (!nodes && place.nodes.value.find(':') != std::string::npos)
    return failure(place.nodes.fault, place.nodes.source,
                   fmt::format("is {}: a job whose number of hosts changes", place.nodes.value),
                   "give the job a fixed number of hosts");
  if (!nodes) return tl::unexpected(nodes.error());
  if (*nodes == 1 && options.node_rank)
    if (const auto only = take_number(place.rank, 0, 0); !only) return tl::unexpected(only.error());
  if (*nodes == 1 && (options.nnodes || !is_asked_for(options))) return std::nullopt;
  if (place.rank.value.empty()) return lacks(place, "which of them this is");
  if (place.address.value.empty()) return lacks(place, "where the first of them is");
  const auto rank = take_number(place.rank, 0, *nodes - 1);
  if (!rank) return tl::unexpected(rank.error());
  if (is_loopback(place.address.value))
    return failure(place.address.fault, place.address.source,
                   fmt::format("{} is every host's name for itself", place.address.value),
                   "name the first host as the others reach it");
  SelfStarted found;
  found.node_rank = *rank;
  found.names = name_nodes(place.address.value, *nodes);
  found.channel_port = torchruns_port + 1;
  if (!place.port.value.empty()) {
    const auto port = take_number(place.port, 1, most_port);
    if (!port) return tl::unexpected(port.error());
    found.master_port = *port;
    found.channel_port = *port == most_port ? *port - 1 : *port + 1;
  }
  if (options.channel_port) found.channel_port = *options.channel_port;
  // "auto", "gpu" and "cpu" leave it to us.
  const Said ranks = may_ask_environment(options) ? say_first(variables, {"PET_NPROC_PER_NODE"}) : Said();
  if (const auto number = take_number(ranks, 1, most_nodes); number) {
    found.ranks_per_host = *number;
    found.ranks_source = ranks.source;
  }
  found.source = fmt::format("{}, {}, {}: each host starts itself", place.nodes.source, place.rank.source,
                             place.address.source);
  return found;
}

SelfStarted make_step_of_slurm(std::vector<std::string> names, int node_rank, const SlurmStep& step,
                               const std::optional<int>& channel_port) {
  SelfStarted hosts;
  hosts.node_rank = node_rank;
  hosts.names = std::move(names);
  // Below the ports that the kernel gives to whoever connects.
  constexpr long first_port = 21000;
  constexpr long ports = 10000;
  // The golden section of the ports, without a divisor in common with them: jobs with numbers up to 20 apart are 353
  // steps apart, and no two of 10,000 jobs begin at the same port.
  constexpr long ports_between_jobs = 6181;
  const long port = first_port + (step.job % ports * ports_between_jobs + step.step) % ports;
  hosts.channel_port = channel_port.value_or(static_cast<int>(port));
  hosts.may_use_munge = true;
  hosts.job = fmt::format("{}.{}.{}", step.job, step.step, step.restarts);
  return hosts;
}

Result<void> check_job_token(const std::string& token, bool may_be_none) {
  if (token.empty() && may_be_none) return {};
  if (token.size() >= shortest_job_token) return {};
  return failure(Fault::configuration, "SMLAUNCH_JOB_TOKEN",
                 token.empty()
                     ? "is not set: hosts that start themselves know each other by a secret of theirs"
                     : fmt::format("has {} characters, and fewer than {} can be guessed", token.size(),
                                   shortest_job_token),
                 "make one, openssl rand -hex 32, and set it on every host, in Kubernetes by a Secret");
}

}  // namespace smlaunch
