// SPDX-License-Identifier: Apache-2.0
#include "launcher/worker/host_agents.hpp"

#include <boost/asio/post.hpp>
#include <csignal>
#include <utility>

#include "base/own_words.hpp"
#include "launcher/process/agent_variables.hpp"

namespace smlaunch {

struct HostAgents::Set {
  AgentsEnded end;
  bool is_forgotten = false;
  std::unique_ptr<WatchedProcesses> processes;
};

HostAgents::HostAgents(boost::asio::io_context& loop, Settings settings,
                       std::function<void(const AgentsEnded&)> ended)
    : loop_(loop), settings_(std::move(settings)), ended_(std::move(ended)) {}

HostAgents::~HostAgents() = default;

std::map<std::string, std::string> agent_variables(const StartAgents& wanted, const std::string& channel,
                                                   std::size_t local_rank) {
  std::map<std::string, std::string> variables = {
      {agent_channel_variable, channel},
      {agent_token_variable, wanted.token},
      {job_marker_variable, wanted.job},
      {agent_worker_variable, ""},
      {agent_host_variable, wanted.leader_host},
      {agent_several_hosts_variable, "1"},
      {agent_directory_variable, wanted.working_directory},
      {agent_rank_variable, std::to_string(wanted.ranks[local_rank])},
      {agent_local_rank_variable, std::to_string(local_rank)}};
  if (!wanted.secrets.empty()) variables[agent_secrets_variable] = wanted.secrets;
  return variables;
}

// What the leader plans for an interface is its own, which may be called otherwise here.
std::map<std::string, std::string> HostAgents::make_environment(const StartAgents& wanted) const {
  auto environment = own_environment();
  const std::string interface =
      wanted.names_interface && settings_.find_interface ? settings_.find_interface() : "";
  if (!interface.empty())
    for (const char* name : {"NCCL_SOCKET_IFNAME", "GLOO_SOCKET_IFNAME"})
      environment.try_emplace(name, interface);
  return environment;
}

void HostAgents::start(const StartAgents& wanted) {
  Set& set = sets_.emplace_back();
  set.end.set = wanted.set;
  set.end.job = wanted.job;
  set.end.status.resize(wanted.ranks.size());
  set.processes = std::make_unique<WatchedProcesses>(
      loop_,
      WatchedProcesses::Callbacks{
          // Only an agent without a channel has something to say here.
          [](int, std::string_view line) { write_text(2, std::string(line) + "\n"); },
          [this, &set](int id, const Result<ExitStatus>& end, bool all) { heard_end(set, id, end, all); }});
  std::vector<std::string> argv = {settings_.smlaunch, "rank", "--"};
  argv.insert(argv.end(), wanted.program.begin(), wanted.program.end());
  const auto of_host = make_environment(wanted);
  for (std::size_t i = 0; i < wanted.ranks.size(); ++i) {
    auto environment = of_host;
    for (auto& [name, value] : agent_variables(wanted, settings_.channel, i)) environment[name] = value;
    auto started = set.processes->start(argv, environment, static_cast<int>(i));
    if (started) continue;
    set.end.failure = started.error().text;
    break;
  }
  if (!set.end.failure) return;
  if (set.processes->were_started()) return set.processes->signal(SIGTERM);
  boost::asio::post(loop_, [this, end = set.end] { ended_(end); });
}

void HostAgents::heard_end(Set& set, int id, const Result<ExitStatus>& end, bool all) {
  if (end) set.end.status[static_cast<std::size_t>(id)] = *end;
  if (all && !set.is_forgotten) ended_(set.end);
}

void HostAgents::forget() {
  for (Set& set : sets_) set.is_forgotten = true;
}

void HostAgents::signal(const SignalAgents& signal) {
  for (Set& set : sets_)
    if (set.end.set == signal.set && set.end.job == signal.job) set.processes->signal(signal.signal);
}

}  // namespace smlaunch
