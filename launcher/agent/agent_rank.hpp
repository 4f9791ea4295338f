// SPDX-License-Identifier: Apache-2.0
// The rank beside an agent, as the agent sees it: RankProcess for real, in tests a fake.
#pragma once

#include <functional>
#include <string>

#include "base/error.hpp"
#include "launcher/channel/messages.hpp"

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
  virtual void signal(int signal) = 0;  // its process group; nothing where it does not run
  virtual void inspect() = 0;           // nothing where it does not run
  virtual void input(const Input& input) = 0;
  virtual void resume() = 0;          // there may be room for its lines again
  virtual void fill(Pong& pong) = 0;  // how it does
  // mpirun leaves us a second: all that the rank has started is told to end, too.
  virtual void hurry() = 0;
  virtual void kill() = 0;  // SIGKILL; in a hurry to all that it has started
  [[nodiscard]] virtual bool has_descendants() const = 0;
};

}  // namespace smlaunch
