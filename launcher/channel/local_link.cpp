// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/local_link.hpp"

#include "base/steady_time.hpp"
#include "launcher/channel/local_socket.hpp"
#include "launcher/channel/messages.hpp"

namespace smlaunch {

namespace asio = boost::asio;
using asio::local::stream_protocol;

std::shared_ptr<LocalLink> LocalLink::connect(asio::io_context& loop, const std::string& name) {
  UniqueFd fd = connect_locally(name);
  if (!fd.valid()) return nullptr;
  stream_protocol::socket socket(loop);
  boost::system::error_code refused;
  socket.assign(stream_protocol(), fd.get(), refused);
  if (refused) return nullptr;
  fd.release();
  return std::make_shared<LocalLink>(std::move(socket));
}

LocalLink::LocalLink(stream_protocol::socket socket) : SocketLink(std::move(socket), most_in_frame) {}

void LocalLink::send(std::string bytes) {
  if (is_closed()) return;
  if (queued_.empty())
    queued_ = std::move(bytes);
  else
    queued_ += bytes;
  write();
}

std::optional<std::chrono::nanoseconds> LocalLink::since_acknowledged() {
  if (leads_to_leader_) return std::chrono::nanoseconds(0);
  if (acknowledged_ns_ == 0) return {};
  return std::chrono::nanoseconds(steady_now_ns() - acknowledged_ns_);
}

std::string LocalLink::receive(std::string_view bytes, FrameReader& reader) {
  reader.feed(bytes);
  return "";
}

bool LocalLink::is_for_us(const Frame& frame) {
  if (frame.kind != FrameKind::leader_quiet) return false;
  const auto since = decode_number(frame.payload);
  const std::uint64_t now = steady_now_ns();
  acknowledged_ns_ = since && *since < now ? now - *since : 0;
  return true;
}

}  // namespace smlaunch
