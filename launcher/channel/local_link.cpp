// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/local_link.hpp"

#include <fcntl.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <utility>

#include "base/steady_time.hpp"
#include "launcher/channel/local_socket.hpp"
#include "launcher/channel/messages.hpp"

namespace smlaunch {

namespace asio = boost::asio;
using asio::local::stream_protocol;
using boost::system::error_code;

namespace {

constexpr std::size_t local_read_size = 64U << 10U;
// From one connection before the others get their turn.
constexpr int most_local_reads = 4;
// Of an empty queue.
constexpr std::size_t most_kept = 64U << 10U;

}  // namespace

std::shared_ptr<LocalLink> LocalLink::connect(asio::io_context& loop, const std::string& name) {
  UniqueFd fd = connect_locally(name);
  if (!fd.valid()) return nullptr;
  stream_protocol::socket socket(loop);
  error_code refused;
  socket.assign(stream_protocol(), fd.get(), refused);
  if (refused) return nullptr;
  fd.release();
  return std::make_shared<LocalLink>(std::move(socket));
}

LocalLink::LocalLink(stream_protocol::socket socket) : socket_(std::move(socket)) {
  // A rank that held it open would hide the end of its agent from the relay.
  fcntl(socket_.native_handle(), F_SETFD, FD_CLOEXEC);
  error_code ignored;
  socket_.non_blocking(true, ignored);
}

void LocalLink::start(OnFrame on_frame, OnClosed on_closed) {
  on_frame_ = std::move(on_frame);
  on_closed_ = std::move(on_closed);
  write();
  read();
}

void LocalLink::send(std::string bytes) {
  if (closed_) return;
  waiting_ += bytes;
  write();
}

void LocalLink::pause_reading(bool paused) {
  paused_ = paused;
  read();
}

std::optional<std::chrono::nanoseconds> LocalLink::since_acknowledged() {
  if (leads_to_leader_) return std::chrono::nanoseconds(0);
  if (acknowledged_ns_ == 0) return {};
  return std::chrono::nanoseconds(steady_now_ns() - acknowledged_ns_);
}

void LocalLink::close() {
  if (closed_) return;
  closed_ = true;
  on_frame_ = nullptr;
  on_closed_ = nullptr;
  on_room_ = nullptr;
  error_code ignored;
  socket_.close(ignored);
}

void LocalLink::lost(const std::string& why) {
  if (closed_) return;
  const OnClosed on_closed = std::move(on_closed_);
  close();
  if (on_closed) on_closed(why);
}

void LocalLink::read() {
  if (closed_ || paused_ || reading_) return;
  reading_ = true;
  socket_.async_wait(stream_protocol::socket::wait_read, [self = shared_from_this()](error_code error) {
    self->reading_ = false;
    if (self->closed_) return;
    if (error) return self->lost(error.message());
    for (int i = 0; i < most_local_reads && !self->paused_ && !self->closed_; ++i)
      if (!self->take_in()) break;
    if (!self->closed_) self->read();
  });
}

// Returns false when there is nothing more to read now, or we are closed.
bool LocalLink::take_in() {
  // Not a part of every thread's storage, which would be set to zero when the thread starts.
  static thread_local const auto buffer = std::make_unique_for_overwrite<char[]>(local_read_size);
  error_code error;
  const std::size_t got = socket_.read_some(asio::buffer(buffer.get(), local_read_size), error);
  if (error == asio::error::would_block || error == asio::error::try_again) return false;
  if (error) {
    lost(error == asio::error::eof ? "the connection was closed" : error.message());
    return false;
  }
  heard_ns_ = steady_now_ns();
  reader_.feed({buffer.get(), got});
  while (auto frame = reader_.next()) {
    if (is_for_us(*frame)) continue;
    // A copy: the callback may close us, which drops the original.
    const OnFrame on_frame = on_frame_;
    on_frame(std::move(*frame));
    if (closed_) return false;
  }
  if (reader_.broken()) {
    lost("bytes that are no frame of ours");
    return false;
  }
  return got == local_read_size;
}

bool LocalLink::is_for_us(const Frame& frame) {
  if (frame.kind != FrameKind::leader_quiet) return false;
  const auto since = decode_number(frame.payload);
  const std::uint64_t now = steady_now_ns();
  acknowledged_ns_ = since && *since < now ? now - *since : 0;
  return true;
}

// What the kernel takes goes at once. An error is told later, since we may be anywhere in the code of whoever sends.
void LocalLink::write() {
  if (closed_ || waiting_to_write_ || write_failed_) return;
  error_code error;
  while (!error && sent_ < waiting_.size())
    sent_ += socket_.write_some(asio::buffer(waiting_.data() + sent_, waiting_.size() - sent_), error);
  if (!error) {
    waiting_.clear();
    sent_ = 0;
    if (waiting_.capacity() > most_kept) waiting_.shrink_to_fit();
    return;
  }
  if (error == asio::error::would_block || error == asio::error::try_again) return write_later();
  write_failed_ = true;
  asio::post(socket_.get_executor(), [self = shared_from_this(), error] { self->lost(error.message()); });
}

void LocalLink::write_later() {
  if (sent_ > waiting_.size() / 2) waiting_.erase(0, std::exchange(sent_, 0));
  waiting_to_write_ = true;
  socket_.async_wait(stream_protocol::socket::wait_write, [self = shared_from_this()](error_code error) {
    self->waiting_to_write_ = false;
    if (self->closed_) return;
    if (error) return self->lost(error.message());
    self->write();
    // A copy: the callback may close us.
    if (const auto on_room = self->on_room_) on_room();
  });
}

}  // namespace smlaunch
