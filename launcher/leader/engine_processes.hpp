// SPDX-License-Identifier: Apache-2.0
// The processes by which we start the ranks: mpirun, or one agent for each rank of this machine.
#pragma once

#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/leader/job_engine.hpp"

namespace smlaunch {

class EngineProcesses final : public JobEngine {
 public:
  EngineProcesses(boost::asio::io_context& loop, Callbacks callbacks);
  ~EngineProcesses() override;

  tl::expected<void, SpawnError> start(const std::vector<std::string>& argv,
                                       const std::map<std::string, std::string>& environment,
                                       Rank rank) override;
  void signal(int signal) override;
  [[nodiscard]] bool was_started() const override { return !processes_.empty(); }
  [[nodiscard]] std::set<std::string> peers() const override;
  [[nodiscard]] std::vector<std::string> last_words() const override;
  void remove_session_folders(const std::string& own_host) const override;

 private:
  struct Process;
  struct Stream;
  void read(Process& process, Stream& stream);
  void pass_on(Process& process, std::string_view lines);
  void finish(Process& process);

  boost::asio::io_context& loop_;
  Callbacks callbacks_;
  std::vector<std::unique_ptr<Process>> processes_;
};

}  // namespace smlaunch
