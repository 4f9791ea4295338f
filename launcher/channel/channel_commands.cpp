// SPDX-License-Identifier: Apache-2.0
// What the leader tells its peers. What must reach them is kept, and told again on a new connection.
#include "launcher/channel/channel_server.hpp"
#include "launcher/channel/progress_messages.hpp"

namespace smlaunch {

namespace {

constexpr std::size_t most_before_a_status = 1U << 20U;

}  // namespace

void ChannelServer::start(Peer peer, const Start& start) {
  Agent& to = agents_[peer];
  to.start = encode_frame(FrameKind::start, encode(start));
  if (to.link) to.link->send(to.start);
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

void ChannelServer::inspect(Peer peer, Inspection how) {
  if (Agent& to = agents_[peer]; to.link) to.link->send(encode_frame(FrameKind::inspect, encode(how)));
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

// A peer that does not read what it was told is told no more.
void ChannelServer::tell_status(Peer peer, const StatusTold& told) {
  Agent& to = agents_[peer];
  if (!to.link || to.link->waiting_bytes() > most_before_a_status) return;
  to.link->send(encode_frame(FrameKind::status_told, encode(told)));
}

void ChannelServer::send_outcome(Peer peer, const JobEnd& end) {
  Agent& to = agents_[peer];
  to.released = true;
  to.outcome = encode_frame(FrameKind::outcome, encode(end));
  if (to.link) to.link->send(to.outcome);
}

}  // namespace smlaunch
