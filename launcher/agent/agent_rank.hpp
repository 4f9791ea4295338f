// SPDX-License-Identifier: Apache-2.0
// The rank beside an agent, as the agent sees it: RankProcess for real, in tests a fake.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "launcher/channel/messages.hpp"
#include "launcher/channel/progress_messages.hpp"
#include "launcher/channel/starter_messages.hpp"
#include "launcher/process/left_process.hpp"
#include "launcher/progress/progress.hpp"

namespace smlaunch {

class AgentRank {
 public:
  struct Callbacks {
    std::function<void(bool is_stderr, const std::string& lines)> lines;
    // Our program is a starter: the lines of a rank that it has started.
    std::function<void(int rank, bool is_stderr, const std::string& lines)> lines_of_rank;
    std::function<void(const StarterRankNews&)> starter_rank_told;
    std::function<bool()> has_room;  // for more lines
    std::function<void(const RankState&)> inspected;
    std::function<void(const Progress&)> progressed;  // at most once for each ping, and at its end
    // The rank has ended, and `lines` has had all its lines. Errors: nobody knows how it ended.
    std::function<void(const Result<Ended>&)> ended;
  };

  virtual ~AgentRank() = default;
  virtual void set_callbacks(Callbacks callbacks) = 0;

  // Binds us and so the rank, makes its environment, and starts it. Errors: the kernel's words.
  virtual Result<Started> start(Start message) = 0;
  // Sends a signal that ends the rank. Does nothing if the rank does not run, or has had this signal: a handler that
  // saves the rank's work is called once. SIGKILL also goes to all processes that the rank has started.
  virtual void signal(int signal) = 0;
  virtual void was_told(int signal) = 0;  // somebody else has sent it this signal
  // Sends a signal that ends nothing: to processes that handle it; SIGSTOP and SIGCONT to all of them.
  virtual void pass_on(int signal) = 0;
  // Does nothing if the rank does not run. `only_look`: the rank goes on, and nothing is asked of it.
  virtual void inspect(Inspection how) = 0;
  virtual void input(const Input& input) = 0;
  virtual void resume() = 0;          // there may be room for its lines again
  virtual void fill(Pong& pong) = 0;  // with what the rank has used and printed
  // mpirun leaves us a second: tells all processes that the rank has started to end, too.
  virtual void hurry() = 0;
  // Processes that the rank has left running, or still runs: is there any, and which? stop_leftovers() sends
  // SIGTERM to each of them once.
  [[nodiscard]] virtual bool has_descendants() const = 0;
  [[nodiscard]] virtual std::vector<LeftProcess> find_leftovers() const = 0;
  virtual void stop_leftovers() = 0;
};

}  // namespace smlaunch
