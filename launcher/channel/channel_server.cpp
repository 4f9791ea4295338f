// SPDX-License-Identifier: Apache-2.0
// An agent whose connection breaks may come back within `lost_after`. Nothing that it has sent is taken twice, and
// everything that it was told is told again. An agent that breaks the rules is not heard any more.
#include "launcher/channel/channel_server.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "base/steady_time.hpp"
#include "launcher/channel/node_rules.hpp"

namespace smlaunch {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// An agent keeps what is not acknowledged, and stops reading its peer's pipes at a megabyte of it.
constexpr std::size_t acknowledge_every_bytes = 64U << 10U;
// The agents of the leader's own host find it there.
constexpr const char* loopback = "127.0.0.1";

}  // namespace

ChannelServer::ChannelServer(asio::io_context& loop, const std::string& token, int peers,
                             std::chrono::milliseconds lost_after, std::size_t most_strangers)
    : loop_(loop),
      listener_(loop, most_strangers,
                [this](const std::shared_ptr<Link>& link, const Hello& hello) { admit(link, hello); }),
      token_(token),
      key_(make_channel_key(token)),
      lost_after_(lost_after) {
  for (int i = 0; i < peers; ++i) agents_.emplace_back(PeerRules::Role::worker);
  listener_.set_keys({key_});
  listener_.on_other_token([this](const std::string& address) {
    tell_of_stranger({.who = address,
                      .why = finds_keys_ ? TurnedAway::not_vouched : TurnedAway::other_token,
                      .what = address + (finds_keys_ ? " has come, and munge does not vouch for it"
                                                     : " has come with another token")});
  });
}

ChannelServer::~ChannelServer() { close(); }

void ChannelServer::admit(const std::shared_ptr<Connection>& link, const Hello& hello) {
  const auto node = hello.node_rank ? find_node(*link, hello) : Peer{hello.peer};
  if (!node || !agents_.has(*node) || !knows_key(*link, *node) || agents_[*node].refused)
    return link->close();
  const Peer peer = *node;
  Agent& known = agents_[peer];
  if (known.joined && known.instance != hello.instance) {
    // A rank has one agent.
    if (is_rank(peer)) return link->close();
    forget_earlier_process(peer);
  }
  known.host = hello.host;
  known.instance = hello.instance;
  if (known.link) known.link->close();
  end_carrying(peer, "it has made another one");
  known.lost_timer.reset();
  known.heard_ns = steady_now_ns();
  known.link = link;
  link->trust();
  link->start([this, peer](Frame&& data) { received(peer, std::move(data)); },
              [this, peer](const std::string& why) { disconnected(peer, why); });
  const bool comes_by_key = finds_keys_ && !is_rank(peer);
  link->send(
      encode_frame(FrameKind::welcome, encode(Welcome{known.rules.received(), comes_by_key ? token_ : ""})));
  // The agent's clock must be compared with ours before its rank can end.
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
  if (!find) return listener_.set_find_key({});
  // Connected nodes know the token. While all are connected, we look for no key.
  listener_.set_find_key([this, find = std::move(find)](std::string_view identity) {
    return are_all_nodes_connected() ? std::nullopt : find(identity);
  });
}

// A key that is none of the two that we have made was found.
bool ChannelServer::knows_key(const Connection& link, Peer peer) const {
  const std::string& identity = link.identity();
  if (is_rank(peer)) return identity == rank_key_.identity;
  return identity == key_.identity || (finds_keys_ && identity != rank_key_.identity);
}

std::optional<Peer> ChannelServer::find_node(Connection& link, const Hello& hello) {
  if (!first_node_ || !knows_key(link, *first_node_)) return {};
  const Peer peer{first_node_->value + *hello.node_rank};
  NodePlace place;
  if (agents_.has(peer)) {
    const Agent& known = agents_[peer];
    place = {known.host, known.instance, known.link != nullptr, known.refused};
  }
  const int nodes = static_cast<int>(agents_.size()) - first_node_->value;
  const auto refusal = refuse_node(hello, nodes, place);
  if (!refusal) return peer;
  tell_of_stranger(
      {.who = hello.host, .why = refusal->why, .node_rank = *hello.node_rank, .what = refusal->reason});
  link.send(encode_frame(FrameKind::refusal, encode(*refusal)));
  return {};
}

// Another process takes its place, and knows nothing of what was said before. What ran there is gone.
void ChannelServer::forget_earlier_process(Peer peer) {
  Agent& known = agents_[peer];
  if (known.link) known.link->close();
  if (!known.released && !known.is_lost && callbacks_.lost)
    callbacks_.lost(peer, known.heard_ns, "its smlaunch was started again");
  known = Agent(PeerRules::Role::worker);
}

// All nodes but ours, which is the first. The search begins at the node that was missing last: thousands of nodes come
// one after the other, and each time this is asked.
bool ChannelServer::are_all_nodes_connected() {
  if (!first_node_) return false;
  const int others = static_cast<int>(agents_.size()) - first_node_->value - 1;
  for (int looked_at = 0; looked_at < others; ++looked_at) {
    if (!agents_[Peer{first_node_->value + 1 + missing_node_}].link) return false;
    missing_node_ = (missing_node_ + 1) % others;
  }
  return true;
}

// Our addresses to which the other nodes have connected.
std::vector<std::string> ChannelServer::addresses_of_nodes() const {
  std::set<std::string> addresses;
  for (Peer peer{first_node_->value + 1}; agents_.has(peer); ++peer.value)
    addresses.insert(agents_[peer].link->own_address());
  return {addresses.begin(), addresses.end()};
}

void ChannelServer::tell_of_stranger(const Stranger& stranger) const {
  if (callbacks_.stranger) callbacks_.stranger(stranger);
}

void ChannelServer::tell_again(const Agent& agent) {
  Connection& link = *agent.link;
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
  const bool is_carried = is_relayed(frame.kind) && is_relay(peer);
  if (const auto why = is_carried ? take_relayed(peer, frame) : from.rules.refuse(frame))
    return refuse(peer, *why);
  if (!is_carried && from.rules.is_news()) take(peer, frame);
}

void ChannelServer::take(Peer peer, const Frame& frame) {
  Agent& from = agents_[peer];
  if (frame.kind == FrameKind::stop_request) {
    if (const auto signal = decode_number(frame.payload); signal && callbacks_.stop_requested)
      callbacks_.stop_requested(peer, static_cast<int>(*signal));
    return;
  }
  if (frame.kind == FrameKind::status_wanted) {
    if (const auto wanted = decode_status_wanted(frame.payload); wanted && callbacks_.status_wanted)
      callbacks_.status_wanted(peer, *wanted);
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
  // It has its start message. Kept for thousands of ranks, the variables in it would be a lot.
  if (frame.kind == FrameKind::started || has_ended) std::string().swap(from.start);
  from.unacknowledged += frame.payload.size();
  if (has_ended || from.unacknowledged >= acknowledge_every_bytes) acknowledge(from);
  if (callbacks_.data) callbacks_.data(peer, frame);
}

void ChannelServer::acknowledge(Agent& from) {
  from.unacknowledged = 0;
  from.link->send(encode_frame(FrameKind::ack, encode_number(from.rules.received())));
}

void ChannelServer::serve_own_host() {
  door_.emplace(loop_,
                [this](const std::shared_ptr<Connection>& link, const Hello& hello) { admit(link, hello); });
}

void ChannelServer::begin_ranks(int ranks, std::string token) {
  const int known = std::max(ranks, ranks_);
  ranks_ = ranks;
  rank_key_ = make_channel_key(token);
  carriers_.clear();
  listener_.set_keys({key_, rank_key_});
  // Agents find us at the same addresses as their nodes.
  if (are_all_nodes_connected()) {
    std::vector<std::string> addresses = addresses_of_nodes();
    addresses.emplace_back(loopback);
    listener_.keep_to(std::move(addresses));
  }
  for (Peer peer{0}; peer.value < known; ++peer.value) {
    if (agents_[peer].link) agents_[peer].link->close();
    agents_[peer] = Agent(is_rank(peer) ? PeerRules::Role::rank : PeerRules::Role::worker);
  }
  if (door_) door_->open(token, rank_key_.identity);
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
    to.link->ping(ping);
  }
}

void ChannelServer::pause(bool paused) {
  paused_ = paused;
  for (Agent& from : agents_)
    if (from.link) from.link->pause_reading(paused);
}

void ChannelServer::close() {
  listener_.close();
  if (door_) door_->close();
  for (Agent& each : agents_) {
    if (each.link) each.link->close();
    each.link.reset();
    each.lost_timer.reset();
  }
}

}  // namespace smlaunch
