// SPDX-License-Identifier: Apache-2.0
// Policy: a login runs one command, and is given once. Who asks sends the host's name as a line; the answer is one byte
// with the login's three streams, and one more byte, ssh's exit code, when it has ended. Where no login waits for that
// host the socket is closed at once, and the starter takes another way. A starter that is gone ends its login, as it would
// an ssh of its own.
#include "launcher/remote/waiting_logins.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <utility>

#include "launcher/remote/unix_socket.hpp"
#include "launcher/remote/waiting_words.hpp"

namespace smlaunch {

using boost::asio::local::stream_protocol;
using boost::system::error_code;

namespace {

constexpr std::size_t longest_request = 1024;
constexpr char is_given = 'g';
// ssh's own code where the connection has failed.
constexpr int unknown_code = 255;

// A child that inherits one would keep it open when we are gone.
template <class Socket>
void keep_from_children(Socket& socket) {
  ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
}

bool send_streams(int socket, const LoginStreams& streams) {
  const std::array<int, 3> files = {streams.in.get(), streams.out.get(), streams.err.get()};
  return send_files(socket, is_given, files, MSG_DONTWAIT) == 1;
}

}  // namespace

// A starter that has come.
struct WaitingLogins::Use {
  explicit Use(Socket given) : socket(std::move(given)) {}
  Socket socket;
  std::string request{};
  std::shared_ptr<SshLogin> login{};  // that it was given
};

WaitingLogins::WaitingLogins(AsioLoop& loop, const std::string& folder) : acceptor_(loop.context()) {
  error_code refused;
  acceptor_.open(stream_protocol(), refused);
  if (!refused) acceptor_.bind(stream_protocol::endpoint(folder + "/" + waiting_socket_name), refused);
  if (!refused) acceptor_.listen(boost::asio::socket_base::max_listen_connections, refused);
  if (refused) {
    acceptor_.close(refused);
    return;
  }
  keep_from_children(acceptor_);
  accept();
}

WaitingLogins::~WaitingLogins() {
  for (const auto& [host, login] : logins_) login->stop();
  for (const auto& [key, use] : uses_)
    if (use->login) use->login->stop();
  is_here_.reset();
}

bool WaitingLogins::take_place(const std::shared_ptr<SshLogin>& login) {
  std::erase_if(places_, [](const auto& place) { return place.expired(); });
  if (!acceptor_.is_open() || places_.size() >= most_logins_that_wait) return false;
  places_.push_back(login);
  return true;
}

void WaitingLogins::keep(const std::string& host, std::shared_ptr<SshLogin> login) {
  login->on_end([this, host](const LoginEnd&) { logins_.erase(host); });
  std::shared_ptr<SshLogin>& kept = logins_[host];
  if (kept) kept->stop();
  kept = std::move(login);
}

void WaitingLogins::accept() {
  acceptor_.async_accept([this, is_here = std::weak_ptr(is_here_)](error_code error, Socket socket) {
    if (is_here.expired()) return;
    if (error) {
      // Without descriptors, say. Who asks then is refused at once.
      acceptor_.close(error);
      return;
    }
    keep_from_children(socket);
    const auto use = std::make_shared<Use>(std::move(socket));
    uses_[use.get()] = use;
    read_request(use);
    accept();
  });
}

void WaitingLogins::read_request(const std::shared_ptr<Use>& use) {
  boost::asio::async_read_until(
      use->socket, boost::asio::dynamic_buffer(use->request, longest_request), '\n',
      [this, use, is_here = std::weak_ptr(is_here_)](error_code error, std::size_t length) {
        if (is_here.expired()) return;
        if (error) {
          uses_.erase(use.get());
          return;
        }
        give(use, use->request.substr(0, length - 1));
      });
}

void WaitingLogins::give(const std::shared_ptr<Use>& use, const std::string& host) {
  const auto found = logins_.find(host);
  if (found == logins_.end()) {
    uses_.erase(use.get());
    return;
  }
  use->login = std::move(found->second);
  logins_.erase(found);
  use->login->on_end([this, weak = std::weak_ptr(use)](const LoginEnd& end) {
    const auto held = weak.lock();
    if (!held) return;
    const char code = static_cast<char>(end.exit_code.value_or(unknown_code));
    (void)::send(held->socket.native_handle(), &code, sizeof code, MSG_DONTWAIT | MSG_NOSIGNAL);
    uses_.erase(held.get());
  });
  if (!send_streams(use->socket.native_handle(), use->login->give_streams())) {
    use->login->stop();
    uses_.erase(use.get());
    return;
  }
  use->socket.async_wait(Socket::wait_read, [this, weak = std::weak_ptr(use)](error_code) {
    const auto held = weak.lock();
    if (!held) return;
    held->login->stop();
    uses_.erase(held.get());
  });
}

}  // namespace smlaunch
