// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/link.hpp"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "base/steady_time.hpp"

namespace smlaunch {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t read_size = 256U << 10U;
// From one connection before the others get their turn.
constexpr int most_reads = 4;
// Encrypted at a time: what waits behind it stays in the clear, and is there once.
constexpr std::size_t most_in_flight = 256U << 10U;

// One for all links: thousands of connections that wait need no memory to read into.
std::string& read_buffer() {
  static thread_local std::string buffer(read_size, '\0');
  return buffer;
}

}  // namespace

std::string to_text(const asio::ip::address& address) {
  const bool is_mapped = address.is_v6() && address.to_v6().is_v4_mapped();
  return is_mapped ? asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string()
                   : address.to_string();
}

Link::Link(asio::ip::tcp::socket socket, TlsSession::End end, std::vector<ChannelKey> keys, FindKey find)
    : socket_(std::move(socket)),
      end_(end),
      keys_(std::move(keys)),
      find_(std::move(find)),
      reader_(most_in_first_frame) {
  // A rank that held it open would hide the end of its agent from the leader.
  fcntl(socket_.native_handle(), F_SETFD, FD_CLOEXEC);
  error_code ignored;
  // Without it every handshake waits 40 ms for an acknowledgement that is delayed.
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket_.set_option(asio::socket_base::keep_alive(true), ignored);
  socket_.non_blocking(true, ignored);
  if (end_ == TlsSession::End::connecting) tls_ = std::make_unique<TlsSession>(end_, std::move(keys_));
}

void Link::start(OnFrame on_frame, OnClosed on_closed) {
  on_frame_ = std::move(on_frame);
  on_closed_ = std::move(on_closed);
  write();
  read();
}

void Link::trust() { reader_.set_most(most_in_frame + most_around_frame); }

void Link::send(std::string bytes) {
  if (closed_) return;
  queued_bytes_ += bytes.size();
  queued_.push_back(std::move(bytes));
  write();
}

void Link::pause_reading(bool paused) {
  paused_ = paused;
  read();
}

void Link::ask_kernel() {
  constexpr int second = 1;
  constexpr int most_questions = 60;  // then the connection is broken off
  const int socket = socket_.native_handle();
  setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &second, sizeof second);
  setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &second, sizeof second);
  setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &most_questions, sizeof most_questions);
}

std::optional<std::chrono::nanoseconds> Link::since_acknowledged() {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return {};
  return std::chrono::milliseconds(info.tcpi_last_ack_recv);
}

void Link::close() {
  if (closed_) return;
  closed_ = true;
  on_frame_ = nullptr;
  on_closed_ = nullptr;
  on_room_ = nullptr;
  error_code ignored;
  socket_.close(ignored);
}

std::string Link::own_address() const {
  error_code gone;
  const auto here = socket_.local_endpoint(gone);
  return gone ? "" : to_text(here.address());
}

const std::string& Link::identity() const {
  static const std::string none;
  return tls_ ? tls_->identity() : none;
}

void Link::lost(const std::string& why) {
  if (closed_) return;
  const OnClosed on_closed = std::move(on_closed_);
  close();
  if (on_closed) on_closed(why);
}

void Link::read() {
  if (closed_ || paused_ || reading_) return;
  reading_ = true;
  socket_.async_wait(asio::ip::tcp::socket::wait_read, [self = shared_from_this()](error_code error) {
    self->reading_ = false;
    if (self->closed_) return;
    if (error) return self->lost(error.message());
    for (int i = 0; i < most_reads && !self->paused_ && !self->closed_; ++i)
      if (!self->take_in()) break;
    if (!self->closed_) self->read();
  });
}

// Returns false when there is nothing more to read now, or we are closed.
bool Link::take_in() {
  error_code error;
  const std::size_t got = socket_.read_some(asio::buffer(read_buffer()), error);
  if (error == asio::error::would_block || error == asio::error::try_again) return false;
  if (error) {
    lost(error == asio::error::eof ? "the connection was closed" : error.message());
    return false;
  }
  heard_ns_ = steady_now_ns();
  if (!tls_) tls_ = std::make_unique<TlsSession>(end_, std::move(keys_), std::move(find_));
  const bool goes_on = tls_->receive(std::string_view(read_buffer()).substr(0, got),
                                     [this](std::string_view text) { reader_.feed(text); });
  write();
  while (auto frame = reader_.next()) {
    // A copy: the callback may close us, which drops the original.
    const OnFrame on_frame = on_frame_;
    on_frame(std::move(*frame));
    if (closed_) return false;
  }
  if (reader_.broken() || !goes_on) {
    lost(reader_.broken() ? "bytes that are no frame of ours" : tls_->error());
    return false;
  }
  return got == read_buffer().size();
}

void Link::encrypt_queued() {
  std::size_t taken = 0;
  while (tls_->is_open() && !queued_.empty() && taken < most_in_flight) {
    taken += queued_.front().size();
    queued_bytes_ -= queued_.front().size();
    tls_->send(queued_.front());
    queued_.pop_front();
  }
}

// What the kernel takes goes at once: whoever says its last word and closes has said it. An error is told
// later, since we may be anywhere in the code of whoever sends.
void Link::write() {
  if (closed_ || waiting_to_write_ || write_failed_ || !tls_) return;
  error_code error;
  while (!error) {
    if (sent_ == in_flight_.size()) {
      encrypt_queued();
      in_flight_ = tls_->take_outgoing();
      sent_ = 0;
      if (in_flight_.empty()) return;
    }
    sent_ += socket_.write_some(asio::buffer(in_flight_.data() + sent_, in_flight_.size() - sent_), error);
  }
  if (error == asio::error::would_block || error == asio::error::try_again) return write_later();
  write_failed_ = true;
  asio::post(socket_.get_executor(), [self = shared_from_this(), error] { self->lost(error.message()); });
}

void Link::write_later() {
  waiting_to_write_ = true;
  socket_.async_wait(asio::ip::tcp::socket::wait_write, [self = shared_from_this()](error_code error) {
    self->waiting_to_write_ = false;
    if (self->closed_) return;
    if (error) return self->lost(error.message());
    self->write();
    // A copy: the callback may close us.
    if (const auto on_room = self->on_room_) on_room();
  });
}

}  // namespace smlaunch
