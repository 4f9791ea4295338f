// SPDX-License-Identifier: Apache-2.0
// What we start on this machine to start the ranks: mpirun, or one agent for each rank.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/process/child_process.hpp"
#include "topology/layout.hpp"

namespace smlaunch {

// How mpirun, or an agent that we started, ended.
struct EngineEnd {
  std::optional<ExitStatus> status;  // nothing: it is lost
  std::string how;                   // "exited with code 1"
};

class EngineProcesses {
 public:
  struct Callbacks {
    std::function<void(std::string_view line)> line;  // without its newline, of either stream
    std::function<void(Rank, const EngineEnd&, bool all_have_ended)> ended;
  };

  EngineProcesses(boost::asio::io_context& loop, Callbacks callbacks);
  ~EngineProcesses();

  // `rank`: of an agent; mpirun has 0.
  tl::expected<void, SpawnError> start(const std::vector<std::string>& argv,
                                       const std::map<std::string, std::string>& environment, Rank rank);
  void signal(int signal);  // all that run
  [[nodiscard]] bool has(int pid) const;
  [[nodiscard]] bool was_started() const { return !processes_.empty(); }
  // The last lines that were no rank's.
  [[nodiscard]] std::vector<std::string> last_words() const;

  // What an mpirun that was killed leaves under TMPDIR, by the whole name of this host or its first part
  // (Open MPI 4: ompi.HOST.UID/pid.PID; 5: prterun.HOST.PID.UID).
  void remove_session_folders(const std::string& own_host) const;

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
