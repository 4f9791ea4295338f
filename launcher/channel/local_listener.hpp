// SPDX-License-Identifier: Apache-2.0
// Takes in processes of this user that come to a Unix socket in the private folders (local_socket.hpp).
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace smlaunch {

class LocalListener {
 public:
  using OnSocket = std::function<void(boost::asio::local::stream_protocol::socket)>;

  // `on_socket` is called for each process of this user that has come. Where no descriptor is left nobody is taken in any
  // more: whoever comes then takes another way.
  LocalListener(boost::asio::io_context& loop, OnSocket on_socket);
  ~LocalListener();
  LocalListener(const LocalListener&) = delete;
  LocalListener& operator=(const LocalListener&) = delete;

  // Under this name, instead of an earlier one. Errors: listen_locally()'s.
  Result<void> open(const std::string& name);
  void close();

 private:
  using Acceptor = boost::asio::local::stream_protocol::acceptor;

  void accept(const std::shared_ptr<Acceptor>& acceptor);

  boost::asio::io_context& loop_;
  OnSocket on_socket_;
  std::vector<std::shared_ptr<Acceptor>> acceptors_;
  std::string name_;  // empty: it is closed
};

}  // namespace smlaunch
