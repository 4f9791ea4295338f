// SPDX-License-Identifier: Apache-2.0
// A connection is a stranger until it has proved that it knows the job's token: it gets a challenge, five
// seconds and small frames. An agent whose connection breaks may come back for `lost_after`; what it had sent
// is not taken twice, what it was told is told again.
#include "launcher/channel/channel_server.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/steady_time.hpp"
#include "launcher/channel/token.hpp"

namespace smlaunch {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::chrono::seconds handshake_bound{5};
// Strangers beyond this many are turned away: nobody can fill our file descriptors.
constexpr std::size_t most_strangers = 4096;
// An agent keeps what is not acknowledged, and stops reading its peer's pipes at a megabyte of it.
constexpr std::size_t acknowledge_every_bytes = 64U << 10U;

}  // namespace

ChannelServer::ChannelServer(asio::io_context& loop, std::string token, int peers,
                             std::chrono::milliseconds lost_after)
    : loop_(loop), acceptor_(loop), token_(std::move(token)), lost_after_(lost_after) {
  agents_.resize(static_cast<std::size_t>(peers));
}

ChannelServer::~ChannelServer() { close(); }

Result<int> ChannelServer::listen(const std::string& address, int port) {
  const std::string where = fmt::format("channel {}:{}", address, port);
  try {
    const tcp::endpoint endpoint(asio::ip::make_address(address), static_cast<unsigned short>(port));
    acceptor_.open(endpoint.protocol());
    // An agent that inherited it would be the one that answers when we are gone: nobody.
    fcntl(acceptor_.native_handle(), F_SETFD, FD_CLOEXEC);
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.bind(endpoint);
    acceptor_.listen(4096);
    accept();
    return acceptor_.local_endpoint().port();
  } catch (const boost::system::system_error& error) {
    return failure(Fault::start, where, error.code().message(),
                   port == 0 ? "" : "give another --channel-port, or none");
  }
}

void ChannelServer::accept() {
  acceptor_.async_accept([this](error_code error, tcp::socket socket) {
    if (error == asio::error::operation_aborted || !acceptor_.is_open()) return;
    if (!error && strangers_.size() < most_strangers) greet(std::make_shared<Link>(std::move(socket)));
    accept();
  });
}

void ChannelServer::greet(std::shared_ptr<Link> link) {
  const std::string nonce = make_nonce();
  strangers_.insert(link);
  auto bound = std::make_shared<asio::steady_timer>(loop_, handshake_bound);
  bound->async_wait([this, link, bound](error_code) {
    if (strangers_.erase(link) > 0) link->close();
  });
  link->start(
      [this, link = std::weak_ptr<Link>(link), nonce](Frame&& frame) {
        if (const auto held = link.lock()) admit(held, nonce, frame);
      },
      [this, link = std::weak_ptr<Link>(link)](const std::string&) {
        if (const auto held = link.lock()) strangers_.erase(held);
      });
  link->send(encode_frame(FrameKind::challenge, encode(Challenge{nonce})));
}

void ChannelServer::admit(const std::shared_ptr<Link>& link, const std::string& nonce, const Frame& frame) {
  strangers_.erase(link);
  const auto hello = frame.kind == FrameKind::hello ? decode_hello(frame.payload) : std::nullopt;
  if (!hello ||
      !equal_proofs(hello->proof, prove_token(token_of(hello->peer), "agent", nonce, hello->nonce)) ||
      hello->peer < 0 || static_cast<std::size_t>(hello->peer) >= agents_.size())
    return link->close();
  const Peer peer = hello->peer;
  Agent& known = agent(peer);
  if (known.link) known.link->close();
  known.lost_timer.reset();
  known.heard_ns = steady_now_ns();
  known.link = link;
  link->trust();
  link->start([this, peer](Frame&& data) { received(peer, std::move(data)); },
              [this, peer](const std::string& why) { disconnected(peer, why); });
  link->send(encode_frame(
      FrameKind::welcome,
      encode(Welcome{prove_token(token_of(peer), "leader", nonce, hello->nonce), known.received})));
  // Before the rank can start: when it ends, its clock has been compared with ours.
  link->send(encode_frame(FrameKind::ping, encode_number(steady_now_ns())));
  if (!known.start.empty()) link->send(known.start);
  for (const std::string& input : known.inputs) link->send(input);
  if (known.signal != 0)
    link->send(encode_frame(FrameKind::signal, encode_number(static_cast<std::uint64_t>(known.signal))));
  for (const std::string& passed : known.passed) link->send(passed);
  if (!known.outcome.empty())
    link->send(known.outcome);
  else if (known.released)
    link->send(known.release);
  if (paused_) link->pause_reading(true);
  if (!known.joined) {
    known.joined = true;
    if (callbacks_.joined) callbacks_.joined(peer, *hello);
  }
}

void ChannelServer::received(Peer peer, Frame&& frame) {
  Agent& from = agent(peer);
  from.heard_ns = steady_now_ns();
  if (frame.kind == FrameKind::stop_request) {
    if (const auto signal = decode_number(frame.payload); signal && callbacks_.stop_requested)
      callbacks_.stop_requested(peer, static_cast<int>(*signal));
    return;
  }
  if (frame.kind == FrameKind::outcome) {
    from.has_outcome = true;
    return;
  }
  if (frame.kind == FrameKind::pong) {
    if (const auto pong = decode_pong(frame.payload); pong && callbacks_.pong) callbacks_.pong(peer, *pong);
    if (from.unacknowledged > 0) acknowledge(from);
    return;
  }
  if (!is_data(frame.kind)) return;
  // Sent again after a reconnect, though it had arrived.
  if (frame.sequence <= from.received) return;
  from.received = frame.sequence;
  if (frame.kind == FrameKind::ended || frame.kind == FrameKind::end_unknown ||
      frame.kind == FrameKind::start_failed)
    from.ended = true;
  // It has its start: of thousands of ranks, all their variables are a lot to keep.
  if (frame.kind == FrameKind::started || from.ended) std::string().swap(from.start);
  from.unacknowledged += frame.payload.size();
  if (from.ended || from.unacknowledged >= acknowledge_every_bytes) acknowledge(from);
  if (callbacks_.data) callbacks_.data(peer, frame);
}

void ChannelServer::acknowledge(Agent& from) {
  from.unacknowledged = 0;
  from.link->send(encode_frame(FrameKind::ack, encode_number(from.received)));
}

void ChannelServer::disconnected(Peer peer, const std::string& why) {
  Agent& gone = agent(peer);
  gone.link.reset();
  // What was sent on a connection that broke may not have arrived: its worker takes it up again, and gets it
  // then.
  if (!gone.outcome.empty() && !gone.has_outcome) return;
  if (gone.released || gone.ended) {
    if (callbacks_.left) callbacks_.left(peer);
    return;
  }
  wait_for_return(peer, why);
}

// It may come back until `lost_after` has passed since it was heard.
void ChannelServer::wait_for_return(Peer peer, const std::string& why) {
  Agent& gone = agent(peer);
  const auto silent = std::chrono::nanoseconds(steady_now_ns() - gone.heard_ns);
  gone.lost_timer = std::make_unique<asio::steady_timer>(
      loop_, std::max(lost_after_ - silent, std::chrono::nanoseconds(0)));
  gone.lost_timer->async_wait([this, peer, why](error_code error) {
    if (!error && callbacks_.lost) callbacks_.lost(peer, agent(peer).heard_ns, why);
  });
}

void ChannelServer::start(Peer peer, const Start& start) {
  Agent& to = agent(peer);
  to.start = encode_frame(FrameKind::start, encode(start));
  if (to.link) to.link->send(to.start);
}

void ChannelServer::begin_ranks(int ranks, std::string token) {
  const int known = std::max(ranks, ranks_);
  ranks_ = ranks;
  rank_token_ = std::move(token);
  for (Peer peer = 0; peer < known; ++peer) {
    if (agent(peer).link) agent(peer).link->close();
    agent(peer) = Agent();
  }
}

void ChannelServer::input(Peer peer, const std::string& text) {
  Agent& to = agent(peer);
  to.inputs.push_back(encode_frame(FrameKind::input, encode(Input{to.inputs.size() + 1, text})));
  if (to.link) to.link->send(to.inputs.back());
}

void ChannelServer::signal(Peer peer, int signal) {
  Agent& to = agent(peer);
  to.signal = signal;
  if (to.link)
    to.link->send(encode_frame(FrameKind::signal, encode_number(static_cast<std::uint64_t>(signal))));
}

void ChannelServer::inspect(Peer peer) {
  if (Agent& to = agent(peer); to.link) to.link->send(encode_frame(FrameKind::inspect, ""));
}

void ChannelServer::pass_on(Peer peer, int signal) {
  Agent& to = agent(peer);
  to.passed.push_back(encode_frame(FrameKind::pass_on, encode(PassedSignal{to.passed.size() + 1, signal})));
  if (to.link) to.link->send(to.passed.back());
}

void ChannelServer::release_agents(int world_size, const Release& how) {
  const std::string frame = encode_frame(FrameKind::release, encode(how));
  for (Peer peer = 0; peer < world_size; ++peer) {
    Agent& to = agent(peer);
    to.released = true;
    to.release = frame;
    if (to.link) to.link->send(frame);
  }
}

void ChannelServer::send_outcome(Peer peer, const JobEnd& end) {
  Agent& to = agent(peer);
  to.released = true;
  to.outcome = encode_frame(FrameKind::outcome, encode(end));
  if (to.link) to.link->send(to.outcome);
}

void ChannelServer::ping_all() {
  const std::uint64_t now = steady_now_ns();
  const std::string ping = encode_frame(FrameKind::ping, encode_number(now));
  for (std::size_t i = 0; i < agents_.size(); ++i) {
    Agent& to = agents_[i];
    if (!to.link) continue;
    // While we do not read, nobody can be heard.
    if (paused_) to.heard_ns = now;
    if (std::chrono::nanoseconds(now - to.heard_ns) > lost_after_) {
      to.link->close();
      disconnected(static_cast<Peer>(i), "it does not answer");
      continue;
    }
    to.link->send(ping);
  }
}

void ChannelServer::pause(bool paused) {
  paused_ = paused;
  for (Agent& from : agents_)
    if (from.link) from.link->pause_reading(paused);
}

void ChannelServer::close() {
  error_code ignored;
  acceptor_.close(ignored);
  for (const auto& stranger : strangers_) stranger->close();
  strangers_.clear();
  for (Agent& each : agents_) {
    if (each.link) each.link->close();
    each.link.reset();
    each.lost_timer.reset();
  }
}

}  // namespace smlaunch
