// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/local_listener.hpp"

#include <utility>

#include "launcher/channel/local_socket.hpp"
#include "launcher/process/unique_fd.hpp"

namespace smlaunch {

using boost::asio::local::stream_protocol;
using boost::system::error_code;

LocalListener::LocalListener(boost::asio::io_context& loop, OnSocket on_socket)
    : loop_(loop), on_socket_(std::move(on_socket)) {}

LocalListener::~LocalListener() { close(); }

Result<void> LocalListener::open(const std::string& name) {
  close();
  auto listeners = listen_locally(name);
  if (!listeners) return tl::unexpected(listeners.error());
  name_ = name;
  for (UniqueFd& fd : *listeners) {
    const auto acceptor = std::make_shared<Acceptor>(loop_);
    error_code refused;
    acceptor->assign(stream_protocol(), fd.get(), refused);
    if (refused) continue;
    fd.release();
    acceptors_.push_back(acceptor);
    accept(acceptor);
  }
  return {};
}

void LocalListener::close() {
  acceptors_.clear();
  if (!name_.empty()) remove_local_socket(std::exchange(name_, ""));
}

void LocalListener::accept(const std::shared_ptr<Acceptor>& acceptor) {
  acceptor->async_accept(
      [this, weak = std::weak_ptr(acceptor)](error_code error, stream_protocol::socket socket) {
        // Somebody may have come just before we were closed.
        const auto held = weak.lock();
        if (error || !held) return;
        if (is_own_user(socket.native_handle())) on_socket_(std::move(socket));
        accept(held);
      });
}

}  // namespace smlaunch
