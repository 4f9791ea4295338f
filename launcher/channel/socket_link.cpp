// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/socket_link.hpp"

#include <fcntl.h>

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

// One for all links: thousands of connections that wait need no memory to read into. Not a part of every thread's storage,
// which would be set to zero when the thread starts.
asio::mutable_buffer read_buffer() {
  static thread_local const auto buffer = std::make_unique_for_overwrite<char[]>(read_size);
  return asio::buffer(buffer.get(), read_size);
}

}  // namespace

SocketLink::SocketLink(Socket socket, std::size_t most_when_trusted)
    : socket_(std::move(socket)), most_when_trusted_(most_when_trusted) {
  // A rank that held it open would hide the end of its agent from the other end.
  fcntl(socket_.native_handle(), F_SETFD, FD_CLOEXEC);
  error_code ignored;
  socket_.non_blocking(true, ignored);
}

void SocketLink::start(OnFrame on_frame, OnClosed on_closed) {
  on_frame_ = std::move(on_frame);
  on_closed_ = std::move(on_closed);
  write();
  read();
}

void SocketLink::pause_reading(bool paused) {
  paused_ = paused;
  read();
}

void SocketLink::close() {
  if (closed_) return;
  closed_ = true;
  on_frame_ = nullptr;
  on_closed_ = nullptr;
  on_room_ = nullptr;
  error_code ignored;
  socket_.close(ignored);
}

void SocketLink::lost(const std::string& why) {
  if (closed_) return;
  const OnClosed on_closed = std::move(on_closed_);
  close();
  if (on_closed) on_closed(why);
}

void SocketLink::read() {
  if (closed_ || paused_ || reading_) return;
  reading_ = true;
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](error_code error) {
    self->reading_ = false;
    if (self->closed_) return;
    if (error) return self->lost(error.message());
    for (int i = 0; i < most_reads && !self->paused_ && !self->closed_; ++i)
      if (!self->take_in()) break;
    if (!self->closed_) self->read();
  });
}

// Returns false when there is nothing more to read now, or we are closed.
bool SocketLink::take_in() {
  const asio::mutable_buffer buffer = read_buffer();
  error_code error;
  const std::size_t got = socket_.read_some(buffer, error);
  if (error == asio::error::would_block || error == asio::error::try_again) return false;
  if (error) {
    lost(error == asio::error::eof ? "the connection was closed" : error.message());
    return false;
  }
  heard_ns_ = steady_now_ns();
  const std::string wrong = receive({static_cast<const char*>(buffer.data()), got}, reader_);
  while (auto frame = reader_.next()) {
    if (is_for_us(*frame)) continue;
    // A copy: the callback may close us, which drops the original.
    const OnFrame on_frame = on_frame_;
    on_frame(std::move(*frame));
    if (closed_) return false;
  }
  if (reader_.broken() || !wrong.empty()) {
    lost(reader_.broken() ? "bytes that are no frame of ours" : wrong);
    return false;
  }
  return got == buffer.size();
}

// What the kernel takes goes at once: whoever says its last word and closes has said it. An error is told
// later, since we may be anywhere in the code of whoever sends.
void SocketLink::write() {
  if (closed_ || waiting_to_write_ || write_failed_) return;
  error_code error;
  while (!error) {
    if (sent_ == outgoing_.size()) {
      outgoing_ = take_queued();
      sent_ = 0;
      if (outgoing_.empty()) return;
    }
    sent_ += socket_.write_some(asio::buffer(outgoing_.data() + sent_, outgoing_.size() - sent_), error);
  }
  if (error == asio::error::would_block || error == asio::error::try_again) return write_later();
  write_failed_ = true;
  asio::post(socket_.get_executor(), [self = shared_from_this(), error] { self->lost(error.message()); });
}

void SocketLink::write_later() {
  waiting_to_write_ = true;
  socket_.async_wait(Socket::wait_write, [self = shared_from_this()](error_code error) {
    self->waiting_to_write_ = false;
    if (self->closed_) return;
    if (error) return self->lost(error.message());
    self->write();
    // A copy: the callback may close us.
    if (const auto on_room = self->on_room_) on_room();
  });
}

}  // namespace smlaunch
