// SPDX-License-Identifier: Apache-2.0
// The starter of the agents: EngineProcesses for real, in tests a fake.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/channel/host_messages.hpp"
#include "launcher/process/child_process.hpp"
#include "topology/layout.hpp"

namespace smlaunch {

class JobEngine {
 public:
  struct Callbacks {
    std::function<void(std::string_view line)> line;  // of stdout or stderr, without its newline
    // How mpirun, or an agent that we started, ended. Errors: nobody knows how.
    std::function<void(Rank, const Result<ExitStatus>&, bool all_have_ended)> ended;
  };

  virtual ~JobEngine() = default;
  // `rank`: the agent's; 0 for mpirun. `death_comes`: when it gets SIGTERM after our end.
  virtual tl::expected<void, SpawnError> start(const std::vector<std::string>& argv,
                                               const std::map<std::string, std::string>& environment,
                                               Rank rank, DeathSignal death_comes) = 0;
  // Where hosts start themselves: agents on another one (AgentsElsewhere).
  virtual void start_on(NodeRank /*host*/, const StartAgents& /*agents*/) {}
  virtual void signal(int signal) = 0;  // to all that run
  [[nodiscard]] virtual bool was_started() const = 0;
  // The last lines that came from no rank.
  [[nodiscard]] virtual std::vector<std::string> last_words() const = 0;
  // The addresses to which it is connected: of an mpirun, those of the hosts whose daemon has come.
  [[nodiscard]] virtual std::set<std::string> peers() const = 0;
  // Has it started processes that run? mpirun: logins, and later the agents here.
  [[nodiscard]] virtual bool has_children() const = 0;
  // Removes the folders that a killed mpirun leaves (remove_starter_folders).
  virtual void remove_session_folders(const std::string& own_host) const = 0;
};

using MakeEngine = std::function<std::unique_ptr<JobEngine>(JobEngine::Callbacks)>;

}  // namespace smlaunch
