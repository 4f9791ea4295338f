// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/engine_processes.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

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
  return processes_.start(argv, environment, rank.value, death_comes);
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

void EngineProcesses::remove_session_folders(const std::string& own_host) const {
  const char* temporary = std::getenv("TMPDIR");
  const std::filesystem::path base = temporary != nullptr && *temporary != '\0' ? temporary : "/tmp";
  std::error_code ignored;
  // mpirun chooses by which of its names it calls the host (orte_keep_fqdn_hostnames).
  for (const std::string& host : {own_host, own_host.substr(0, own_host.find('.'))}) {
    const auto sessions = base / fmt::format("ompi.{}.{}", host, getuid());
    for (const int pid : processes_.pids()) {
      std::filesystem::remove_all(sessions / fmt::format("pid.{}", pid), ignored);
      std::filesystem::remove_all(base / fmt::format("prterun.{}.{}.{}", host, pid, getuid()), ignored);
    }
    std::filesystem::remove(sessions, ignored);  // fails where another job has its folder in it
  }
}

}  // namespace smlaunch
