// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/own_host_door.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/digest.hpp"

namespace smlaunch {

using boost::asio::local::stream_protocol;

namespace {

// Of this user's own, that have not said who they are. Agents say it at once.
constexpr std::size_t most_strangers = 512;

}  // namespace

std::string own_host_door_name(std::string_view token) {
  return "leader-" + sha256_hex(fmt::format("{}\nown host", token)).substr(0, 24);
}

OwnHostDoor::OwnHostDoor(boost::asio::io_context& loop, OnHello on_hello)
    : on_hello_(std::move(on_hello)),
      listener_(loop, [this](stream_protocol::socket socket) { greet(std::move(socket)); }) {}

OwnHostDoor::~OwnHostDoor() { close(); }

void OwnHostDoor::open(std::string_view token, const std::string& identity) {
  close();
  identity_ = identity;
  // Where it cannot be opened, and where no descriptor is left later, agents come over the network, where a reserve is kept.
  static_cast<void>(listener_.open(own_host_door_name(token)));
}

void OwnHostDoor::close() {
  listener_.close();
  for (const auto& link : std::exchange(strangers_, {})) link->close();
}

void OwnHostDoor::greet(stream_protocol::socket socket) {
  if (strangers_.size() >= most_strangers) return;
  const auto link = std::make_shared<LocalLink>(std::move(socket));
  link->set_identity(identity_);
  strangers_.push_back(link);
  const std::weak_ptr<LocalLink> weak = link;
  link->start(
      [this, weak](Frame&& frame) {
        if (const auto held = weak.lock()) heard(held, frame);
      },
      [this, weak](const std::string&) { std::erase(strangers_, weak.lock()); });
}

void OwnHostDoor::heard(const std::shared_ptr<LocalLink>& link, const Frame& frame) {
  std::erase(strangers_, link);
  const auto hello = frame.kind == FrameKind::hello ? decode_hello(frame.payload) : std::nullopt;
  if (!hello) return link->close();
  on_hello_(link, *hello);
}

}  // namespace smlaunch
