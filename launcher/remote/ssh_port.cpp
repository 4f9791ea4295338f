// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/ssh_port.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <utility>

namespace smlaunch {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::milliseconds;

constexpr std::size_t longest_greeting = 8 * 1024;

}  // namespace

std::size_t SshPort::begin(milliseconds bound, Told told, std::function<HostProbe::Event()> too_late) {
  const std::size_t turn = ++*turn_;
  told_ = std::move(told);
  timer_.expires_after(bound);
  timer_.async_wait([this, turn, now = turn_, too_late = std::move(too_late)](const error_code& error) {
    if (!error && turn == *now) tell(turn, too_late());
  });
  return turn;
}

void SshPort::tell(std::size_t turn, const HostProbe::Event& event) {
  if (turn != *turn_) return;
  ++*turn_;
  // `told` may begin the next step, which replaces told_.
  const Told told = std::exchange(told_, nullptr);
  told(event);
}

void SshPort::close() {
  ++*turn_;
  error_code ignored;
  socket_.close(ignored);
  timer_.cancel(ignored);
}

// The socket is opened here, because a socket opened by Asio stays open in ssh clients that we start
// meanwhile.
error_code SshPort::open_socket(const tcp::endpoint& endpoint) {
  const int fd = ::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return {errno, boost::system::system_category()};
  error_code error;
  socket_.assign(endpoint.protocol(), fd, error);
  if (error) ::close(fd);
  return error;
}

void SshPort::connect(const std::string& address, int port, milliseconds bound, Told told) {
  close();
  error_code error;
  const tcp::endpoint endpoint(asio::ip::make_address(address, error), static_cast<unsigned short>(port));
  if (!error) error = open_socket(endpoint);
  const std::size_t turn = begin(bound, std::move(told), [] { return HostProbe::ConnectFailed{ETIMEDOUT}; });
  if (error)
    return asio::post(loop_, [this, turn, now = turn_, error] {
      if (turn == *now) tell(turn, HostProbe::ConnectFailed{error.value()});
    });
  socket_.async_connect(endpoint, [this, turn, now = turn_](const error_code& failed) {
    if (turn != *now) return;
    if (failed) return tell(turn, HostProbe::ConnectFailed{failed.value()});
    tell(turn, HostProbe::Connected{});
  });
}

void SshPort::read_banner(milliseconds bound, Told told) {
  greeting_.clear();
  read_greeting(begin(bound, std::move(told), [this] {
    return HostProbe::BannerTimeout{greeting_.substr(0, greeting_.find('\n'))};
  }));
}

// A server may send other lines before the one that begins with SSH- (RFC 4253, 4.2).
void SshPort::read_greeting(std::size_t turn) {
  socket_.async_wait(tcp::socket::wait_read, [this, turn, now = turn_](const error_code& failed) {
    if (turn != *now) return;
    char buffer[512];
    error_code error = failed;
    const std::size_t got = error ? 0 : socket_.read_some(asio::buffer(buffer), error);
    if (error == asio::error::would_block || error == asio::error::interrupted) return read_greeting(turn);
    greeting_.append(buffer, got);
    const bool found = greeting_.starts_with("SSH-") || greeting_.find("\nSSH-") != std::string::npos;
    if (found) return tell(turn, HostProbe::BannerRead{});
    if (error || greeting_.size() > longest_greeting) {
      const int why = error == asio::error::eof ? 0 : error.value();
      return tell(turn, HostProbe::BannerClosed{why, greeting_.substr(0, greeting_.find_first_of("\r\n"))});
    }
    read_greeting(turn);
  });
}

}  // namespace smlaunch
