// SPDX-License-Identifier: Apache-2.0
// An agent whose connection breaks may come back for `lost_after`; what it had sent is not taken twice, what
// it was told is told again. One that sends what it may not has been heard for the last time.
#include "launcher/channel/channel_server.hpp"
#include "launcher/channel/progress_messages.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/steady_time.hpp"

namespace smlaunch {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// Between two calls of ping_all(), which come every second.
constexpr std::chrono::seconds longest_beat{3};
// An agent whose connection breaks is back at once. One that is not, though its side has closed the
// connection, is gone with its process or its host.
constexpr std::chrono::milliseconds closed_bound{1000};
// An agent keeps what is not acknowledged, and stops reading its peer's pipes at a megabyte of it.
constexpr std::size_t acknowledge_every_bytes = 64U << 10U;

}  // namespace

ChannelServer::ChannelServer(asio::io_context& loop, const std::string& token, int peers,
                             std::chrono::milliseconds lost_after, std::size_t most_strangers)
    : loop_(loop),
      listener_(loop, most_strangers,
                [this](const std::shared_ptr<Link>& link, const Hello& hello) { admit(link, hello); }),
      key_(make_channel_key(token)),
      lost_after_(lost_after) {
  for (int i = 0; i < peers; ++i) agents_.emplace_back(PeerRules::Role::worker);
  listener_.set_keys({key_});
  listener_.on_other_token([this](const std::string& address) {
    tell_of_stranger(fmt::format("{} has come with another token", address));
  });
}

ChannelServer::~ChannelServer() { close(); }

void ChannelServer::admit(const std::shared_ptr<Link>& link, const Hello& hello) {
  const auto node = hello.node_rank ? find_node(*link, hello) : Peer{hello.peer};
  if (!node || !agents_.has(*node) || !knows_key(*link, *node) || agents_[*node].refused)
    return link->close();
  const Peer peer = *node;
  Agent& known = agents_[peer];
  if (known.link) known.link->close();
  known.lost_timer.reset();
  known.heard_ns = steady_now_ns();
  known.link = link;
  link->trust();
  link->start([this, peer](Frame&& data) { received(peer, std::move(data)); },
              [this, peer](const std::string& why) { disconnected(peer, why); });
  link->send(encode_frame(FrameKind::welcome, encode(Welcome{known.rules.received()})));
  // Before the rank can start: when it ends, its clock has been compared with ours.
  link->send(encode_frame(FrameKind::ping, encode_number(steady_now_ns())));
  tell_again(known);
  if (paused_) link->pause_reading(true);
  if (!known.joined) {
    known.joined = true;
    if (callbacks_.joined) callbacks_.joined(peer, hello);
  }
}

void ChannelServer::expect_nodes(Peer first, FindKey find) {
  first_node_ = first;
  finds_keys_ = find != nullptr;
  listener_.set_find_key(std::move(find));
}

// A key that is none of the two that we have made was found.
bool ChannelServer::knows_key(const Link& link, Peer peer) const {
  const std::string& identity = link.identity();
  if (is_rank(peer)) return identity == rank_key_.identity;
  return identity == key_.identity || (finds_keys_ && identity != rank_key_.identity);
}

std::optional<Peer> ChannelServer::find_node(const Link& link, const Hello& hello) {
  if (!first_node_) return {};
  const Peer peer{first_node_->value + *hello.node_rank};
  if (!agents_.has(peer)) {
    tell_of_stranger(fmt::format("{} says that it is node rank {}, and the job has {} hosts", hello.host,
                                 *hello.node_rank,
                                 agents_.size() - static_cast<std::size_t>(first_node_->value)));
    return {};
  }
  if (hello.version != SMLAUNCH_VERSION) {
    tell_of_stranger(fmt::format("{}, node rank {}, runs smlaunch {}, and this is {}", hello.host,
                                 *hello.node_rank, hello.version, SMLAUNCH_VERSION));
    return {};
  }
  if (!knows_key(link, peer)) return {};
  Agent& known = agents_[peer];
  const bool is_same = known.host == hello.host && known.pid == hello.pid;
  if (known.link && !is_same) {
    tell_of_stranger(fmt::format("{} says that it is node rank {}, and so does {}", hello.host,
                                 *hello.node_rank, known.host));
    return {};
  }
  // Started again, it knows nothing of what was said before.
  if (!is_same && !known.refused) known = Agent(PeerRules::Role::worker);
  known.host = hello.host;
  known.pid = hello.pid;
  return peer;
}

void ChannelServer::tell_of_stranger(const std::string& what) const {
  if (callbacks_.stranger) callbacks_.stranger(what);
}

void ChannelServer::tell_again(const Agent& agent) {
  Link& link = *agent.link;
  if (!agent.start.empty()) link.send(agent.start);
  for (const std::string& input : agent.inputs) link.send(input);
  if (agent.signal != 0)
    link.send(encode_frame(FrameKind::signal, encode_number(static_cast<std::uint64_t>(agent.signal))));
  for (const std::string& passed : agent.passed) link.send(passed);
  for (const std::string& command : agent.agents) link.send(command);
  if (!agent.outcome.empty())
    link.send(agent.outcome);
  else if (agent.released)
    link.send(agent.release);
}

void ChannelServer::received(Peer peer, Frame&& frame) {
  Agent& from = agents_[peer];
  from.heard_ns = steady_now_ns();
  if (const auto why = from.rules.refuse(frame)) return refuse(peer, *why);
  if (from.rules.is_news()) take(peer, frame);
}

void ChannelServer::take(Peer peer, const Frame& frame) {
  Agent& from = agents_[peer];
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
  const bool has_ended = from.rules.has_ended();
  // It has its start: of thousands of ranks, all their variables are a lot to keep.
  if (frame.kind == FrameKind::started || has_ended) std::string().swap(from.start);
  from.unacknowledged += frame.payload.size();
  if (has_ended || from.unacknowledged >= acknowledge_every_bytes) acknowledge(from);
  if (callbacks_.data) callbacks_.data(peer, frame);
}

void ChannelServer::refuse(Peer peer, const std::string& what) {
  Agent& from = agents_[peer];
  from.refused = true;
  from.link->close();
  from.link.reset();
  if (from.released || from.rules.has_ended()) {
    if (callbacks_.left) callbacks_.left(peer);
  } else if (callbacks_.refused) {
    callbacks_.refused(peer, what);
  }
}

void ChannelServer::acknowledge(Agent& from) {
  from.unacknowledged = 0;
  from.link->send(encode_frame(FrameKind::ack, encode_number(from.rules.received())));
}

void ChannelServer::disconnected(Peer peer, const std::string& why) {
  Agent& gone = agents_[peer];
  gone.link.reset();
  // What was sent on a connection that broke may not have arrived: its worker takes it up again, and gets it
  // then.
  if (!gone.outcome.empty() && !gone.has_outcome) return;
  if (gone.released || gone.rules.has_ended()) {
    if (callbacks_.left) callbacks_.left(peer);
    return;
  }
  wait_for_return(peer, why);
}

// It may come back for a moment, at most until `lost_after` has passed since it was heard.
void ChannelServer::wait_for_return(Peer peer, const std::string& why) {
  forgive_own_pause();
  Agent& gone = agents_[peer];
  const auto silent = std::chrono::nanoseconds(steady_now_ns() - gone.heard_ns);
  gone.lost_timer = std::make_unique<asio::steady_timer>(
      loop_,
      std::clamp<std::chrono::nanoseconds>(lost_after_ - silent, std::chrono::nanoseconds(0), closed_bound));
  gone.lost_timer->async_wait([this, peer, why](error_code error) {
    if (error) return;
    if (forgive_own_pause()) return wait_for_return(peer, why);
    if (callbacks_.lost) callbacks_.lost(peer, agents_[peer].heard_ns, why);
  });
}

// We were stopped ourselves (SIGSTOP, a debugger): nobody could be heard, and nobody has been silent.
bool ChannelServer::forgive_own_pause() {
  const std::uint64_t now = steady_now_ns();
  if (beat_ns_ == 0 || std::chrono::nanoseconds(now - beat_ns_) <= longest_beat) return false;
  for (Agent& each : agents_) each.heard_ns = now;
  return true;
}

void ChannelServer::start(Peer peer, const Start& start) {
  Agent& to = agents_[peer];
  to.start = encode_frame(FrameKind::start, encode(start));
  if (to.link) to.link->send(to.start);
}

void ChannelServer::begin_ranks(int ranks, std::string token) {
  const int known = std::max(ranks, ranks_);
  ranks_ = ranks;
  rank_key_ = make_channel_key(token);
  listener_.set_keys({key_, rank_key_});
  for (Peer peer{0}; peer.value < known; ++peer.value) {
    if (agents_[peer].link) agents_[peer].link->close();
    agents_[peer] = Agent(is_rank(peer) ? PeerRules::Role::rank : PeerRules::Role::worker);
  }
}

void ChannelServer::input(Peer peer, const std::string& text) {
  Agent& to = agents_[peer];
  to.inputs.push_back(
      encode_frame(FrameKind::input, encode(Input{.number = to.inputs.size() + 1, .text = text})));
  if (to.link) to.link->send(to.inputs.back());
}

void ChannelServer::signal(Peer peer, int signal) {
  Agent& to = agents_[peer];
  to.signal = signal;
  if (to.link)
    to.link->send(encode_frame(FrameKind::signal, encode_number(static_cast<std::uint64_t>(signal))));
}

void ChannelServer::inspect(Peer peer, bool only_look) {
  if (Agent& to = agents_[peer]; to.link)
    to.link->send(encode_frame(FrameKind::inspect, only_look ? look_only : ""));
}

void ChannelServer::pass_on(Peer peer, int signal) {
  Agent& to = agents_[peer];
  to.passed.push_back(encode_frame(FrameKind::pass_on,
                                   encode(PassedSignal{.number = to.passed.size() + 1, .signal = signal})));
  if (to.link) to.link->send(to.passed.back());
}

void ChannelServer::release_agents(int world_size, const Release& how) {
  const std::string frame = encode_frame(FrameKind::release, encode(how));
  for (Peer peer{0}; peer.value < world_size; ++peer.value) {
    Agent& to = agents_[peer];
    to.released = true;
    to.release = frame;
    if (to.link) to.link->send(frame);
  }
}

void ChannelServer::command(Peer peer, FrameKind kind, const std::string& payload) {
  Agent& to = agents_[peer];
  to.agents.push_back(encode_frame(kind, payload));
  if (to.link) to.link->send(to.agents.back());
}

void ChannelServer::start_agents(Peer peer, const StartAgents& agents) {
  command(peer, FrameKind::start_agents, encode(agents));
}

void ChannelServer::signal_agents(Peer peer, const SignalAgents& signal) {
  command(peer, FrameKind::end_agents, encode(signal));
}

void ChannelServer::send_outcome(Peer peer, const JobEnd& end) {
  Agent& to = agents_[peer];
  to.released = true;
  to.outcome = encode_frame(FrameKind::outcome, encode(end));
  if (to.link) to.link->send(to.outcome);
}

void ChannelServer::ping_all() {
  forgive_own_pause();
  const std::uint64_t now = steady_now_ns();
  beat_ns_ = now;
  const std::string ping = encode_frame(FrameKind::ping, encode_number(now));
  for (const Peer peer : agents_.indices()) {
    Agent& to = agents_[peer];
    if (!to.link) continue;
    to.heard_ns = std::max(to.heard_ns, to.link->heard_ns());
    // While we do not read, nobody can be heard.
    if (paused_) to.heard_ns = now;
    if (std::chrono::nanoseconds(now - to.heard_ns) > lost_after_) {
      to.link->close();
      disconnected(peer, "it does not answer");
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
  listener_.close();
  for (Agent& each : agents_) {
    if (each.link) each.link->close();
    each.link.reset();
    each.lost_timer.reset();
  }
}

}  // namespace smlaunch
