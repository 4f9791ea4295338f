// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/link.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstring>
#include <utility>

namespace smlaunch {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// Encrypted at a time: what waits behind it stays in the clear, and is there once.
constexpr std::size_t most_in_flight = 256U << 10U;

}  // namespace

std::string to_text(const asio::ip::address& address) {
  const bool is_mapped = address.is_v6() && address.to_v6().is_v4_mapped();
  return is_mapped ? asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string()
                   : address.to_string();
}

Link::Link(asio::ip::tcp::socket socket, TlsSession::End end, std::vector<ChannelKey> keys, FindKey find)
    : SocketLink(std::move(socket), most_in_frame + most_around_frame),
      end_(end),
      keys_(std::move(keys)),
      find_(std::move(find)) {
  error_code ignored;
  // Without it every handshake waits 40 ms for an acknowledgement that is delayed.
  this->socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  this->socket().set_option(asio::socket_base::keep_alive(true), ignored);
  if (end_ == TlsSession::End::connecting) tls_ = std::make_unique<TlsSession>(end_, std::move(keys_));
}

void Link::send(std::string bytes) {
  if (is_closed()) return;
  queued_bytes_ += bytes.size();
  queued_.push_back(std::move(bytes));
  write();
}

void Link::ask_kernel() {
  constexpr int second = 1;
  constexpr int most_questions = 60;  // then the connection is broken off
  const int fd = socket().native_handle();
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &second, sizeof second);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &second, sizeof second);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &most_questions, sizeof most_questions);
}

std::optional<std::chrono::nanoseconds> Link::since_acknowledged() {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(socket().native_handle(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return {};
  return std::chrono::milliseconds(info.tcpi_last_ack_recv);
}

std::string Link::own_address() const {
  error_code gone;
  const auto here = socket().local_endpoint(gone);
  asio::ip::tcp::endpoint address;
  if (gone || here.size() > address.capacity()) return "";
  std::memcpy(address.data(), here.data(), here.size());
  return to_text(address.address());
}

const std::string& Link::identity() const { return tls_ ? tls_->identity() : Connection::identity(); }

std::string Link::receive(std::string_view bytes, FrameReader& reader) {
  if (!tls_) tls_ = std::make_unique<TlsSession>(end_, std::move(keys_), std::move(find_));
  const bool goes_on = tls_->receive(bytes, [&reader](std::string_view text) { reader.feed(text); });
  write();
  return goes_on ? "" : tls_->error();
}

std::string Link::take_queued() {
  if (!tls_) return "";
  std::size_t taken = 0;
  while (tls_->is_open() && !queued_.empty() && taken < most_in_flight) {
    taken += queued_.front().size();
    queued_bytes_ -= queued_.front().size();
    tls_->send(queued_.front());
    queued_.pop_front();
  }
  return tls_->take_outgoing();
}

}  // namespace smlaunch
