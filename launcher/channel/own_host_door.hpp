// SPDX-License-Identifier: Apache-2.0
// The leader's door for the agents of its own host: a Unix socket in the private folders, whose name follows from the ranks'
// token. Whoever finds it is this user and knows the token, so there is nothing to prove or to hide, and neither end loads
// OpenSSL for it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/channel/local_link.hpp"
#include "launcher/channel/local_listener.hpp"
#include "launcher/channel/messages.hpp"

namespace smlaunch {

std::string own_host_door_name(std::string_view token);

class OwnHostDoor {
 public:
  using OnHello = std::function<void(const std::shared_ptr<Connection>&, const Hello&)>;

  OwnHostDoor(boost::asio::io_context& loop, OnHello on_hello);
  ~OwnHostDoor();
  OwnHostDoor(const OwnHostDoor&) = delete;
  OwnHostDoor& operator=(const OwnHostDoor&) = delete;

  // For agents that know this token, from now on; those of an earlier one find nobody. `identity`: what their connections
  // are taken for. Where no socket can be made, the agents come over the network.
  void open(std::string_view token, const std::string& identity);
  void close();

 private:
  void greet(boost::asio::local::stream_protocol::socket socket);
  void heard(const std::shared_ptr<LocalLink>& link, const Frame& frame);

  OnHello on_hello_;
  LocalListener listener_;
  std::string identity_;
  std::vector<std::shared_ptr<LocalLink>> strangers_;
};

}  // namespace smlaunch
