// SPDX-License-Identifier: Apache-2.0
// One ssh client as a child in a process group of its own, watched from an Asio loop. Its command may wait, once it has
// answered, for a command of somebody else (waiting_words.hpp).
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "launcher/process/unique_fd.hpp"
#include "launcher/remote/login_streams.hpp"
#include "launcher/remote/ssh_failure.hpp"

namespace smlaunch {

// Its own handlers hold it too: they may still be queued when its user lets go of it.
class SshLogin : public std::enable_shared_from_this<SshLogin> {
 public:
  // `keep_connection`: a process that ssh leaves in the background to serve its connection may stay.
  SshLogin(boost::asio::io_context& loop, bool keep_connection);
  ~SshLogin();
  SshLogin(const SshLogin&) = delete;
  SshLogin& operator=(const SshLogin&) = delete;

  // Called from the loop, unless stop() came before.
  struct Calls {
    std::function<void(LoginEnd)> ended = {};
    std::function<void()> hung = {};
    // The command has answered this, and waits. There is no deadline any more, but an end. Empty: it is not to wait.
    std::function<void(const std::string& answer)> waits = {};
    // Without an answer by then it is not to wait any more, and its input ends: an smlaunch of another version may read all
    // of that before it tells its version.
    std::chrono::milliseconds waits_bound{0};
  };

  // Returns 0, or the errno of the failed start. After 0, one of the calls is made, once. Where the command may wait,
  // `input` has at most longest_waiting_input bytes; where this machine refuses what that needs, it may not wait.
  int start(const std::vector<std::string>& argv, const std::string& input,
            std::chrono::milliseconds deadline, Calls calls);

  // Of a command that waits. Its streams are somebody else's then, and `ended` tells the end alone; once.
  LoginStreams give_streams();
  void on_end(std::function<void(LoginEnd)> ended) { calls_.ended = std::move(ended); }

  // Ends the child and all in its process group, if it still runs.
  void stop();

 private:
  using Descriptor = boost::asio::posix::stream_descriptor;
  void collect(Descriptor& from, std::string& into);
  // Has the command answered, and waits? Then it is told.
  bool take_wait();
  void end_after(std::chrono::milliseconds deadline);
  void wait_for_end();
  LoginEnd reap();
  void close();

  bool keep_connection_;
  boost::asio::steady_timer timer_;
  Descriptor out_;
  Descriptor err_;
  Descriptor end_;  // a pidfd
  UniqueFd in_;     // valid: the command waits, or may wait
  pid_t child_ = -1;
  LoginEnd result_;
  Calls calls_;
};

// The argv of a login to `host`. Port 22 is left to ssh's configuration, as mpirun leaves it.
std::vector<std::string> make_ssh_argv(const std::vector<std::string>& ssh, const std::string& host, int port,
                                       const std::string& command);

// The argv of the question what such a login would connect to (ssh_target.hpp).
std::vector<std::string> make_ssh_question(const std::vector<std::string>& ssh, const std::string& host,
                                           int port);

}  // namespace smlaunch
