// SPDX-License-Identifier: Apache-2.0
// The leader is heard at least once a second. Half of `lost_after` without a word, and the connection is made
// anew (it may hang on a network that has changed); all of it, and the leader counts as lost. Where its host
// still acknowledges, it was stopped, and is waited for (judge_silence).
#include "launcher/channel/channel_client.hpp"

#include <boost/asio/connect.hpp>

#include <utility>

#include "base/steady_time.hpp"
#include "launcher/channel/host_messages.hpp"
#include "launcher/channel/local_link.hpp"

namespace smlaunch {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds retry_interval{200};
// A leader may be awaited for an hour, by a thousand hosts that ask for its name.
constexpr milliseconds awaited_interval{500};
constexpr milliseconds connect_bound{2000};
constexpr milliseconds first_watch_interval{500};
// The relay of our host begins when we do, and listens so soon; by then it carries us, or we do without it.
constexpr milliseconds relay_interval{20};
constexpr milliseconds relay_bound{5000};

}  // namespace

ChannelClient::ChannelClient(asio::io_context& loop, std::string host, int port, const std::string& token,
                             Hello hello, milliseconds first_bound, bool is_awaited)
    : loop_(loop),
      resolver_(loop),
      retry_timer_(loop),
      connect_timer_(loop),
      watch_timer_(loop),
      host_(std::move(host)),
      port_(port),
      key_(make_channel_key(token)),
      hello_(std::move(hello)),
      first_bound_(first_bound),
      is_awaited_(is_awaited) {}

void ChannelClient::start(Callbacks callbacks) {
  callbacks_ = std::move(callbacks);
  heard_ns_ = steady_now_ns();
  connect();
  watch();
}

void ChannelClient::stop() {
  stopped_ = true;
  if (link_) link_->close();
  lose_link();
  if (carrier_ != nullptr) carrier_->leader_went();
  retry_timer_.cancel();
  connect_timer_.cancel();
  watch_timer_.cancel();
}

void ChannelClient::connect() {
  if (!relay_socket_.empty()) return connect_to_relay();
  // The leader gives an address where it knows one; a resolver would start a thread for it.
  error_code no_address;
  const auto address = asio::ip::make_address(host_, no_address);
  if (!no_address)
    return connect_to(tcp::resolver::results_type::create(
        tcp::endpoint(address, static_cast<unsigned short>(port_)), host_, ""));
  resolver_.async_resolve(host_, std::to_string(port_),
                          [this](error_code error, const tcp::resolver::results_type& found) {
                            if (stopped_) return;
                            if (error) return connect_failed(error);
                            connect_to(found);
                          });
}

void ChannelClient::connect_to(const tcp::resolver::results_type& found) {
  auto socket = std::make_shared<tcp::socket>(loop_);
  connect_timer_.expires_after(connect_bound);
  connect_timer_.async_wait([socket](error_code cancelled) {
    error_code ignored;
    if (!cancelled) socket->close(ignored);
  });
  asio::async_connect(*socket, found, [this, socket](error_code failed, const tcp::endpoint&) {
    connect_timer_.cancel();
    if (stopped_) return;
    if (failed) return connect_failed(failed);
    greet(std::move(*socket));
  });
}

void ChannelClient::connect_failed(const error_code& error) {
  // Nobody listens there: the leader is gone and cannot come back, or it never was there.
  const bool may_come = is_awaited_ && !was_trusted_;
  if (error == asio::error::connection_refused && !may_come) return give_up(error.message());
  connect_later();
}

void ChannelClient::connect_later() {
  retry_timer_.expires_after(is_awaited_ && !was_trusted_ ? awaited_interval : retry_interval);
  retry_timer_.async_wait([this](error_code cancelled) {
    if (!cancelled && !stopped_) connect();
  });
}

void ChannelClient::greet(tcp::socket socket) {
  if (make_key_) {
    auto made = make_key_();
    if (!made) return connect_later();
    key_ = std::move(*made);
  }
  auto link = std::make_shared<Link>(std::move(socket), TlsSession::End::connecting, std::vector{key_});
  link->ask_kernel();
  begin(std::move(link));
}

void ChannelClient::connect_to_relay() {
  if (auto link = LocalLink::connect(loop_, relay_socket_)) {
    if (is_relay_the_leader_) link->lead_to_leader();
    return begin(std::move(link));
  }
  // The leader listens before it starts us; a relay does not.
  if (is_relay_the_leader_ || std::chrono::nanoseconds(steady_now_ns() - heard_ns_) > relay_bound) {
    relay_socket_.clear();
    return connect();
  }
  retry_timer_.expires_after(relay_interval);
  retry_timer_.async_wait([this](error_code cancelled) {
    if (!cancelled && !stopped_) connect();
  });
}

void ChannelClient::begin(std::shared_ptr<Connection> link) {
  link_ = std::move(link);
  link_->start([this](Frame&& frame) { received(frame); }, [this](const std::string&) { closed(); });
  link_->send(encode_frame(FrameKind::hello, encode(hello_)));
}

void ChannelClient::closed() {
  const bool was_up = trusted_;
  const bool is_of_other_key = link_ && link_->is_of_other_key();
  lose_link();
  was_key_refused_ = was_key_refused_ || is_of_other_key;
  // A key of our own may be taken later: the clocks, or who listens there, may be others then.
  if (is_of_other_key && is_awaited_ && !was_trusted_ && !make_key_) {
    stop();
    return callbacks_.other_token();
  }
  if (was_up)
    connect();
  else
    connect_later();
}

// A relay that has lost us carries us no more, and whom we carry goes by itself.
void ChannelClient::lose_link() {
  if (link_) relay_socket_.clear();
  link_.reset();
  if (std::exchange(trusted_, false) && carrier_ != nullptr) carrier_->leader_went();
}

void ChannelClient::received(const Frame& frame) {
  heard_ns_ = trusted_ ? steady_now_ns() : heard_ns_;
  if (frame.kind == FrameKind::welcome && !trusted_) return welcomed(frame);
  if (frame.kind == FrameKind::refusal && !trusted_) return turned_away(frame);
  if (!trusted_) return drop();
  if (carrier_ != nullptr) carrier_->told(frame);
  switch (frame.kind) {
    case FrameKind::ping:
      if (const auto time = decode_number(frame.payload))
        link_->send(encode_frame(FrameKind::pong, encode(make_pong(*time))));
      watch();
      return;
    case FrameKind::ack:
      if (const auto sequence = decode_number(frame.payload)) unacked_.acknowledge(*sequence);
      if (callbacks_.acknowledged) callbacks_.acknowledged();
      return;
    default: callbacks_.frame(frame);
  }
}

Pong ChannelClient::make_pong(std::uint64_t leader_ns) const {
  Pong pong;
  pong.leader_ns = leader_ns;
  pong.agent_ns = steady_now_ns();
  if (callbacks_.fill_pong) callbacks_.fill_pong(pong);
  return pong;
}

void ChannelClient::welcomed(const Frame& frame) {
  const auto welcome = decode_welcome(frame.payload);
  if (!welcome) return drop();
  trusted_ = true;
  was_trusted_ = true;
  refused_ns_ = 0;
  if (!welcome->token.empty()) {
    key_ = make_channel_key(welcome->token);
    make_key_ = nullptr;
  }
  heard_ns_ = steady_now_ns();
  link_->trust();
  unacked_.acknowledge(welcome->received);
  if (!unacked_.empty()) link_->send(unacked_.all());
  if (carrier_ != nullptr) carrier_->leader_came(link_);
  if (callbacks_.acknowledged) callbacks_.acknowledged();
}

// The leader misses a host that is gone by `lost_after`; until it does, that one has our place.
void ChannelClient::turned_away(const Frame& frame) {
  const auto refusal = decode_refusal(frame.payload);
  if (!refusal) return drop();
  const std::uint64_t now = steady_now_ns();
  if (refused_ns_ == 0) refused_ns_ = now;
  if (refusal->may_pass && std::chrono::nanoseconds(now - refused_ns_) < 2 * lost_after_) return drop();
  if (!callbacks_.refused) return give_up(refusal->reason);
  stop();
  callbacks_.refused(refusal->reason);
}

void ChannelClient::send_data(FrameKind kind, const std::string& payload) {
  const std::string& bytes = unacked_.add(kind, payload);
  if (trusted_) link_->send(bytes);
}

void ChannelClient::send(FrameKind kind, const std::string& payload) {
  if (trusted_) link_->send(encode_frame(kind, payload));
}

// This connection leads nowhere: try another.
void ChannelClient::drop() {
  if (link_) link_->close();
  lose_link();
  connect_later();
}

void ChannelClient::set_lost_after(milliseconds lost_after) {
  lost_after_ = lost_after;
  if (heard_ns_ != 0 && !stopped_) watch();
}

// Each of the leader's pings puts the next look off, so that an agent at rest wakes up for the pings alone.
void ChannelClient::watch() {
  const std::chrono::nanoseconds so_far(steady_now_ns() - heard_ns_);
  watch_timer_.expires_after(was_trusted_ ? next_look(so_far, lost_after_) : first_watch_interval);
  watch_timer_.async_wait([this](error_code cancelled) {
    if (cancelled || stopped_) return;
    const auto silent = std::chrono::nanoseconds(steady_now_ns() - heard_ns_);
    if (!was_trusted_ && silent > first_bound_) return give_up("it does not answer");
    if (!was_trusted_ && !relay_socket_.empty() && silent > first_bound_ / 2) drop();
    const SilenceVerdict verdict =
        was_trusted_ ? judge_silence(silent, link_ ? link_->since_acknowledged() : std::nullopt, bounds())
                     : SilenceVerdict::wait;
    if (verdict == SilenceVerdict::lost) return give_up("it does not answer");
    if (verdict == SilenceVerdict::reconnect && trusted_) drop();
    watch();
  });
}

SilenceBounds ChannelClient::bounds() const {
  return {.lost_after = lost_after_,
          .leader_wait = is_paused_ ? std::nullopt : std::optional<std::chrono::nanoseconds>(leader_wait_)};
}

void ChannelClient::give_up(const std::string& why) {
  const bool had_leader = was_trusted_;
  stop();
  if (had_leader)
    callbacks_.lost();
  else if (was_key_refused_ && make_key_)
    callbacks_.other_token();
  else
    callbacks_.none(why);
}

}  // namespace smlaunch
