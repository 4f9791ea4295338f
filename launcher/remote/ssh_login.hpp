// SPDX-License-Identifier: Apache-2.0
// One ssh client as a child in a process group of its own, watched from an Asio loop.
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

  // Returns 0, or the errno of the failed start. After 0, either `ended` or `hung` is called once from the
  // loop, unless stop() came before.
  int start(const std::vector<std::string>& argv, const std::string& input,
            std::chrono::milliseconds deadline, std::function<void(LoginEnd)> ended,
            std::function<void()> hung);

  // Ends the child and all in its process group, if it still runs.
  void stop();

 private:
  using Descriptor = boost::asio::posix::stream_descriptor;
  void collect(Descriptor& from, std::string& into);
  void wait_for_end();
  LoginEnd reap();
  void close();

  bool keep_connection_;
  boost::asio::steady_timer timer_;
  Descriptor out_;
  Descriptor err_;
  Descriptor end_;  // a pidfd
  pid_t child_ = -1;
  LoginEnd result_;
  std::function<void(LoginEnd)> ended_;
  std::function<void()> hung_;
};

// The argv of a login to `host`. Port 22 is left to ssh's configuration, as mpirun leaves it.
std::vector<std::string> make_ssh_argv(const std::vector<std::string>& ssh, const std::string& host, int port,
                                       const std::string& command);

// The argv of the question what such a login would connect to (ssh_target.hpp).
std::vector<std::string> make_ssh_question(const std::vector<std::string>& ssh, const std::string& host,
                                           int port);

}  // namespace smlaunch
