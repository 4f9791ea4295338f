// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/hand_over.hpp"

#include <chrono>
#include <utility>

#include "launcher/channel/messages.hpp"
#include "launcher/channel/worker_socket.hpp"

namespace smlaunch {

namespace {

// It ends with the job within 2 s, so it must know of the job soon; looking costs a few system calls.
constexpr std::chrono::milliseconds look_interval{250};

}  // namespace

std::string complete_hand_over(const std::string& hand_over, const std::string& ssh_connection) {
  auto message = decode_hand_over(hand_over);
  if (!message || !message->channel_host.empty()) return hand_over;
  message->channel_host = ssh_connection.substr(0, ssh_connection.find(' '));
  return encode(*message);
}

LateHandOver::LateHandOver(boost::asio::io_context& loop, std::string worker, std::string hand_over,
                           std::function<void()> hands_over)
    : worker_(std::move(worker)),
      hand_over_(std::move(hand_over)),
      hands_over_(std::move(hands_over)),
      timer_(loop),
      connection_(loop) {}

void LateHandOver::look() {
  UniqueFd fd = begin_hand_over(worker_, hand_over_);
  if (!fd.valid()) return look_later();
  if (hands_over_) std::exchange(hands_over_, {})();
  connection_.assign(fd.release());
  connection_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                         [this](const boost::system::error_code& stopped) {
                           if (stopped) return;
                           const bool taken = finish_hand_over(connection_.native_handle());
                           connection_.close();
                           if (!taken) look_later();
                         });
}

void LateHandOver::look_later() {
  timer_.expires_after(look_interval);
  timer_.async_wait([this](const boost::system::error_code& stopped) {
    if (!stopped) look();
  });
}

}  // namespace smlaunch
