// SPDX-License-Identifier: Apache-2.0
// Processes that we start, heard on a loop: their lines, and their ends.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "launcher/process/child_process.hpp"

namespace smlaunch {

class WatchedProcesses {
 public:
  struct Callbacks {
    // Without its newline, of either stream.
    std::function<void(int id, std::string_view line)> line;
    // Errors: nobody knows how it ended.
    std::function<void(int id, const Result<ExitStatus>& end, bool all_have_ended)> ended;
  };

  WatchedProcesses(boost::asio::io_context& loop, Callbacks callbacks);
  ~WatchedProcesses();

  // It gets SIGTERM when we die. `id` is the caller's name for it.
  tl::expected<void, SpawnError> start(const std::vector<std::string>& argv,
                                       const std::map<std::string, std::string>& environment, int id,
                                       DeathSignal death_comes = DeathSignal::for_each_thread);
  void signal(int signal);  // all that run
  [[nodiscard]] bool were_started() const { return !processes_.empty(); }
  // In the order in which they were started.
  [[nodiscard]] std::vector<int> pids() const;
  [[nodiscard]] std::vector<int> running_pids() const;

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
