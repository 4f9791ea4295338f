// SPDX-License-Identifier: Apache-2.0
// The leader's end of what a relay carries: a connection for each neighbour inside the relay's own. A relay carries
// neighbours of its own host alone; what these say is held to the rules as if each had come by itself.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "launcher/channel/connection.hpp"
#include "launcher/channel/messages.hpp"
#include "launcher/channel/relay_messages.hpp"

namespace smlaunch {

class CarriedLink;

class CarriedLinks : public std::enable_shared_from_this<CarriedLinks> {
 public:
  using MayCarry = std::function<bool(int rank)>;
  using OnHello = std::function<void(const std::shared_ptr<Connection>&, const Hello&)>;

  // `carrier`: the relay's connection.
  CarriedLinks(const boost::asio::any_io_executor& loop, std::shared_ptr<Connection> carrier,
               MayCarry may_carry, OnHello on_hello);

  // A frame of the relay's that is_relayed(). Nothing: it is in order; else what the relay may not, for people. What a
  // neighbour has said is told by its own connection, which it may close.
  std::optional<std::string> take(const Frame& frame);
  // The relay's connection is gone, and those in it with it, without a word. Returns whose there were.
  std::vector<int> end();

 private:
  friend class CarriedLink;
  std::optional<std::string> take_frame(RelayedFrame relayed);
  std::optional<std::string> take_hello(const RelayedFrame& relayed);
  void send(const std::string& bytes);
  void flush();

  boost::asio::any_io_executor loop_;
  std::shared_ptr<Connection> carrier_;
  MayCarry may_carry_;
  OnHello on_hello_;
  std::map<int, std::shared_ptr<CarriedLink>> links_;  // by rank
  std::string waiting_;                                // for the relay
};

}  // namespace smlaunch
