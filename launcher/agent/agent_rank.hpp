// SPDX-License-Identifier: Apache-2.0
// The rank beside an agent, as the agent sees it: RankProcess for real, in tests a fake.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "launcher/channel/messages.hpp"
#include "launcher/process/left_process.hpp"

namespace smlaunch {

class AgentRank {
 public:
  struct Callbacks {
    std::function<void(bool is_stderr, const std::string& lines)> lines;
    std::function<bool()> has_room;  // for more lines
    std::function<void(const RankState&)> inspected;
    // It has ended, and all its lines have been told. Errors: nobody knows how.
    std::function<void(const Result<Ended>&)> ended;
  };

  virtual ~AgentRank() = default;
  virtual void set_callbacks(Callbacks callbacks) = 0;

  // Binds us and so the rank, makes its environment, and starts it. Errors: what the kernel said.
  virtual Result<Started> start(Start message) = 0;
  // One that ends it; nothing where it does not run. SIGKILL is for all that it has started, too.
  virtual void signal(int signal) = 0;
  // One that does not: to those that hear it; SIGSTOP and SIGCONT to all.
  virtual void pass_on(int signal) = 0;
  virtual void inspect() = 0;  // nothing where it does not run
  virtual void input(const Input& input) = 0;
  virtual void resume() = 0;          // there may be room for its lines again
  virtual void fill(Pong& pong) = 0;  // how it does
  // mpirun leaves us a second: all that the rank has started is told to end, too.
  virtual void hurry() = 0;
  // What it has left running, or runs yet: is there any, what is it; SIGTERM for whatever has not had it.
  [[nodiscard]] virtual bool has_descendants() const = 0;
  [[nodiscard]] virtual std::vector<LeftProcess> find_leftovers() const = 0;
  virtual void stop_leftovers() = 0;
};

}  // namespace smlaunch
