// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/engine_processes.hpp"

#include <algorithm>
#include <vector>

#include "launcher/process/agent_variables.hpp"
#include "launcher/process/descendants.hpp"
#include "launcher/process/session_folders.hpp"
#include "launcher/process/tcp_peers.hpp"
#include "launcher/scheduler/srun_command.hpp"
#include "mpi/tagged_line.hpp"

namespace smlaunch {

EngineProcesses::EngineProcesses(boost::asio::io_context& loop, Callbacks callbacks)
    : callbacks_(std::move(callbacks)),
      processes_(loop, {[this](int rank, std::string_view line) { heard(Rank{rank}, line); },
                        [this](int rank, const Result<ExitStatus>& end, bool all) {
                          callbacks_.ended(Rank{rank}, end, all);
                        }}) {}

tl::expected<void, SpawnError> EngineProcesses::start(const std::vector<std::string>& argv,
                                                      const std::map<std::string, std::string>& environment,
                                                      Rank rank, DeathSignal death_comes) {
  if (!first_) first_ = rank;
  auto started = processes_.start(argv, environment, rank.value, death_comes);
  const auto connections = environment.find(agent_connections_variable);
  if (started && connections != environment.end())
    note_starter(connections->second, processes_.pids().back());
  return started;
}

void EngineProcesses::heard(Rank rank, std::string_view line) {
  if (rank == first_ && !parse_tagged_line(line) && !parse_labelled_line(line))
    tail_.add(std::string(line) + "\n");
  callbacks_.line(line);
}

std::set<std::string> EngineProcesses::peers() const {
  std::set<std::string> peers;
  for (const int pid : processes_.running_pids()) peers.merge(probe_tcp_peers(pid));
  return peers;
}

bool EngineProcesses::has_children() const {
  const std::vector<int> pids = processes_.running_pids();
  return std::any_of(pids.begin(), pids.end(), [](int pid) { return !find_children(pid).empty(); });
}

void EngineProcesses::remove_session_folders(const std::string& own_host) const {
  remove_starter_folders(own_host, processes_.pids());
}

}  // namespace smlaunch
