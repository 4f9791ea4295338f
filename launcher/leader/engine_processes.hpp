// SPDX-License-Identifier: Apache-2.0
// The processes by which we start the ranks: mpirun, srun, or one agent for each rank of this machine.
#pragma once

#include <boost/asio/io_context.hpp>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/evidence/text_tail.hpp"
#include "launcher/leader/job_engine.hpp"
#include "launcher/process/watched_processes.hpp"

namespace smlaunch {

class EngineProcesses final : public JobEngine {
 public:
  EngineProcesses(boost::asio::io_context& loop, Callbacks callbacks);

  tl::expected<void, SpawnError> start(const std::vector<std::string>& argv,
                                       const std::map<std::string, std::string>& environment, Rank rank,
                                       DeathSignal death_comes) override;
  void signal(int signal) override { processes_.signal(signal); }
  [[nodiscard]] bool was_started() const override { return processes_.were_started(); }
  [[nodiscard]] std::vector<std::string> last_words() const override { return tail_.lines(); }
  [[nodiscard]] std::set<std::string> peers() const override;
  [[nodiscard]] bool has_children() const override;
  void remove_session_folders(const std::string& own_host) const override;

 private:
  void heard(Rank rank, std::string_view line);

  Callbacks callbacks_;
  WatchedProcesses processes_;
  std::optional<Rank> first_;  // whose last words are kept: mpirun's or srun's, where there is one
  TextTail tail_;
};

}  // namespace smlaunch
