// SPDX-License-Identifier: Apache-2.0
// What a host's waiting smlaunch is handed: completed by the login that brings it, or by an agent of its host
// when it has come late.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <string>

namespace smlaunch {

// A leader that knew no host's address yet has not said where its channel is: it is where the login came
// from. `ssh_connection`: the login's SSH_CONNECTION (ssh(1)). Whatever else it is comes back unchanged.
std::string complete_hand_over(const std::string& hand_over, const std::string& ssh_connection);

// Looks, while its loop runs, for a smlaunch that waits on this host, and hands the job over to it, once. It says so
// before: the leader then waits for that smlaunch.
class LateHandOver {
 public:
  // `worker`: worker_socket_name().
  LateHandOver(boost::asio::io_context& loop, std::string worker, std::string hand_over,
               std::function<void()> hands_over);
  void look();

 private:
  void look_later();

  std::string worker_;
  std::string hand_over_;
  std::function<void()> hands_over_;  // empty: it was called
  boost::asio::steady_timer timer_;
  boost::asio::posix::stream_descriptor connection_;
};

}  // namespace smlaunch
