// SPDX-License-Identifier: Apache-2.0
// A stranger gets five seconds and small frames. Above a bound the oldest are closed, those first that have
// said nothing: our agents speak at once. Whoever comes again and again takes no more of the loop than the
// pauses leave, and agents that come meanwhile wait in the kernel's queue, not long.
#include "launcher/channel/channel_listener.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/v6_only.hpp>

namespace smlaunch {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;

namespace {

constexpr std::chrono::seconds handshake_bound{5};
// So many are turned away between two pauses of accepting: about 300 a second, for 1 % of a CPU.
constexpr std::size_t turned_away_at_once = 16;
constexpr milliseconds pause_length{50};
constexpr milliseconds watch_interval{500};
constexpr const char* any_address = "::";
constexpr const char* any_ipv4_address = "0.0.0.0";

}  // namespace

ChannelListener::ChannelListener(asio::io_context& loop, std::size_t most_strangers, OnHello on_hello)
    : acceptor_(loop),
      pause_timer_(loop),
      watch_timer_(loop),
      most_strangers_(most_strangers),
      on_hello_(std::move(on_hello)) {}

Result<int> ChannelListener::listen(const std::string& address, int port) {
  auto opened = open(address, port);
  // Without IPv6 here.
  if (!opened && address == any_address) return open(any_ipv4_address, port);
  return opened;
}

Result<int> ChannelListener::open(const std::string& address, int port) {
  const std::string where = fmt::format("channel {}:{}", address, port);
  try {
    const tcp::endpoint endpoint(asio::ip::make_address(address), static_cast<unsigned short>(port));
    acceptor_.open(endpoint.protocol());
    // An agent that inherited it would keep the port when we are gone, and nobody would answer there.
    fcntl(acceptor_.native_handle(), F_SETFD, FD_CLOEXEC);
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    if (endpoint.protocol() == tcp::v6()) acceptor_.set_option(asio::ip::v6_only(false));
    acceptor_.bind(endpoint);
    acceptor_.listen(4096);
    accept();
    return acceptor_.local_endpoint().port();
  } catch (const boost::system::system_error& error) {
    error_code ignored;
    acceptor_.close(ignored);
    return failure(Fault::start, where, error.code().message(),
                   port == 0 ? "" : "give another --channel-port, or none");
  }
}

void ChannelListener::accept() {
  acceptor_.async_accept([this](error_code error, tcp::socket socket) {
    if (error == asio::error::operation_aborted || !acceptor_.is_open()) return;
    if (error) {
      // No descriptor is left, or no memory: the connections that are there have to do, less one that nobody misses.
      close_one();
      return accept_later();
    }
    greet(std::move(socket));
    if (turned_away_ >= turned_away_at_once) return accept_later();
    accept();
  });
}

void ChannelListener::accept_later() {
  pause_timer_.expires_after(pause_length);
  pause_timer_.async_wait([this](error_code cancelled) {
    if (cancelled || !acceptor_.is_open()) return;
    turned_away_ = 0;
    accept();
  });
}

void ChannelListener::greet(tcp::socket socket) {
  error_code no_endpoint;
  const auto here = socket.local_endpoint(no_endpoint);
  const bool is_kept = only_addresses_.empty() || std::find(only_addresses_.begin(), only_addresses_.end(),
                                                            to_text(here.address())) != only_addresses_.end();
  if (no_endpoint || !is_kept) {
    ++turned_away_;
    return;
  }
  if (strangers_.size() >= most_strangers_) close_one();
  const auto there = socket.remote_endpoint(no_endpoint);
  const std::string address = no_endpoint ? "an address that is gone" : to_text(there.address());
  auto link = std::make_shared<Link>(std::move(socket), TlsSession::End::listening, keys_, find_key_);
  strangers_.push_back({link, std::chrono::steady_clock::now() + handshake_bound});
  link->start(
      [this, link = std::weak_ptr<Link>(link)](Frame&& frame) {
        if (const auto held = link.lock()) heard(held, frame);
      },
      [this, address, link = std::weak_ptr<Link>(link)](const std::string&) {
        ++turned_away_;
        const auto held = link.lock();
        if (!held) return;
        if (held->is_of_other_key() && on_other_token_) on_other_token_(address);
        forget(held);
      });
  watch();
}

void ChannelListener::heard(const std::shared_ptr<Link>& link, const Frame& frame) {
  forget(link);
  const auto hello = frame.kind == FrameKind::hello ? decode_hello(frame.payload) : std::nullopt;
  if (!hello) {
    ++turned_away_;
    return link->close();
  }
  on_hello_(link, *hello);
}

void ChannelListener::forget(const std::shared_ptr<Link>& link) {
  std::erase_if(strangers_, [&](const Stranger& each) { return each.link == link; });
}

void ChannelListener::close_one() {
  auto oldest = std::find_if(strangers_.begin(), strangers_.end(),
                             [](const Stranger& each) { return !each.link->has_spoken(); });
  if (oldest == strangers_.end()) oldest = strangers_.begin();
  if (oldest == strangers_.end()) return;
  oldest->link->close();
  strangers_.erase(oldest);
  ++turned_away_;
}

void ChannelListener::watch() {
  if (watching_) return;
  watching_ = true;
  watch_timer_.expires_after(watch_interval);
  watch_timer_.async_wait([this](error_code cancelled) {
    watching_ = false;
    if (cancelled) return;
    const auto now = std::chrono::steady_clock::now();
    while (!strangers_.empty() && strangers_.front().until <= now) {
      strangers_.front().link->close();
      strangers_.pop_front();
    }
    if (!strangers_.empty()) watch();
  });
}

void ChannelListener::close() {
  error_code ignored;
  acceptor_.close(ignored);
  pause_timer_.cancel();
  watch_timer_.cancel();
  for (const Stranger& stranger : strangers_) stranger.link->close();
  strangers_.clear();
}

}  // namespace smlaunch
