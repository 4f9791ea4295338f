// SPDX-License-Identifier: Apache-2.0
// The logins that wait on their hosts for mpirun's command (waiting_words.hpp), on the leader's side: mpirun's starter of
// a host asks for its login at a socket in the folder of the SSH connections, and is given the login's streams.
#pragma once

#include <boost/asio/local/stream_protocol.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "launcher/process/asio_loop.hpp"
#include "launcher/remote/ssh_login.hpp"

namespace smlaunch {

class WaitingLogins {
 public:
  // `folder`: only this user may enter it. Where there can be no socket, no login waits.
  WaitingLogins(AsioLoop& loop, const std::string& folder);
  // Ends all that still run.
  ~WaitingLogins();
  WaitingLogins(const WaitingLogins&) = delete;
  WaitingLogins& operator=(const WaitingLogins&) = delete;

  // May this login wait? It counts among most_logins_that_wait as long as it lives.
  [[nodiscard]] bool take_place(const std::shared_ptr<SshLogin>& login);
  // A login whose command waits, instead of an earlier one of this host.
  void keep(const std::string& host, std::shared_ptr<SshLogin> login);

 private:
  using Socket = boost::asio::local::stream_protocol::socket;
  struct Use;

  void accept();
  void read_request(const std::shared_ptr<Use>& use);
  void give(const std::shared_ptr<Use>& use, const std::string& host);

  boost::asio::local::stream_protocol::acceptor acceptor_;
  std::map<std::string, std::shared_ptr<SshLogin>> logins_;  // by host
  std::map<const Use*, std::shared_ptr<Use>> uses_;
  std::vector<std::weak_ptr<SshLogin>> places_;                   // of those that may wait
  std::shared_ptr<bool> is_here_ = std::make_shared<bool>(true);  // for the loop's handlers
};

}  // namespace smlaunch
