// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/own_host_door.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/digest.hpp"
#include "launcher/channel/local_socket.hpp"

namespace smlaunch {

using boost::asio::local::stream_protocol;
using boost::system::error_code;

namespace {

// Of this user's own, that have not said who they are. Agents say it at once.
constexpr std::size_t most_strangers = 512;

}  // namespace

std::string own_host_door_name(std::string_view token) {
  return "leader-" + sha256_hex(fmt::format("{}\nown host", token)).substr(0, 24);
}

OwnHostDoor::OwnHostDoor(boost::asio::io_context& loop, OnHello on_hello)
    : loop_(loop), on_hello_(std::move(on_hello)) {}

OwnHostDoor::~OwnHostDoor() { close(); }

void OwnHostDoor::open(std::string_view token, const std::string& identity) {
  close();
  identity_ = identity;
  const std::string name = own_host_door_name(token);
  auto listeners = listen_locally(name);
  if (!listeners) return;
  name_ = name;
  for (UniqueFd& fd : *listeners) {
    auto& acceptor = acceptors_.emplace_back(loop_);
    error_code refused;
    acceptor.assign(stream_protocol(), fd.get(), refused);
    if (refused) continue;
    fd.release();
    accept(acceptor);
  }
}

void OwnHostDoor::close() {
  acceptors_.clear();
  for (const auto& link : std::exchange(strangers_, {})) link->close();
  if (!name_.empty()) remove_local_socket(std::exchange(name_, ""));
}

void OwnHostDoor::accept(stream_protocol::acceptor& acceptor) {
  acceptor.async_accept([this, &acceptor](error_code error, stream_protocol::socket socket) {
    // Where no descriptor is left, agents that come later do so over the network, where a reserve is kept.
    if (error) return;
    greet(std::move(socket));
    accept(acceptor);
  });
}

void OwnHostDoor::greet(stream_protocol::socket socket) {
  if (!is_own_user(socket.native_handle()) || strangers_.size() >= most_strangers) return;
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
