// SPDX-License-Identifier: Apache-2.0
// Peers whose connection is gone, or is closed by us: they may come back, or count as left or lost.
#include <algorithm>
#include <utility>

#include "base/steady_time.hpp"
#include "launcher/channel/channel_server.hpp"

namespace smlaunch {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// Between two calls of ping_all(), which come every second.
constexpr std::chrono::seconds longest_beat{3};
// An agent whose connection breaks is back at once. One that is not, though its side has closed the
// connection, is gone with its process or its host.
constexpr std::chrono::milliseconds closed_bound{1000};

}  // namespace

void ChannelServer::refuse(Peer peer, const std::string& what) {
  Agent& from = agents_[peer];
  from.refused = true;
  if (from.link) from.link->close();
  from.link.reset();
  if (from.released || from.rules.has_ended()) {
    if (callbacks_.left) callbacks_.left(peer);
  } else if (callbacks_.refused) {
    callbacks_.refused(peer, what);
  }
  end_carrying(peer, what);
}

// A relay is missed before those that it carries.
void ChannelServer::disconnected(Peer peer, const std::string& why) {
  agents_[peer].link.reset();
  miss(peer, why);
  end_carrying(peer, why);
}

void ChannelServer::miss(Peer peer, const std::string& why) {
  const Agent& gone = agents_[peer];
  // What was sent on a connection that broke may not have arrived: its worker takes it up again, and gets it
  // then.
  if (!gone.outcome.empty() && !gone.has_outcome) return;
  if (gone.released || gone.rules.has_ended()) {
    if (callbacks_.left) callbacks_.left(peer);
    return;
  }
  wait_for_return(peer, why);
}

// None of them has closed its own: whatever each has said, it comes again by itself.
void ChannelServer::end_carrying(Peer relay, const std::string& why) {
  const auto carried = std::exchange(agents_[relay].carried, nullptr);
  if (!carried) return;
  for (const int rank : carried->end()) {
    Agent& gone = agents_[Peer{rank}];
    gone.link.reset();
    // As long as its relay was heard, it was: of a host that is lost, nobody is lost before the relay.
    gone.heard_ns = std::max(gone.heard_ns, agents_[relay].heard_ns);
    wait_for_return(Peer{rank}, "its relay is gone: " + why);
  }
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
    Agent& lost = agents_[peer];
    if (lost.released || lost.rules.has_ended()) {
      if (callbacks_.left) callbacks_.left(peer);
      return;
    }
    lost.is_lost = true;
    if (callbacks_.lost) callbacks_.lost(peer, lost.heard_ns, why);
  });
}

// We were stopped ourselves (SIGSTOP, a debugger): nobody could be heard, and nobody has been silent.
bool ChannelServer::forgive_own_pause() {
  const std::uint64_t now = steady_now_ns();
  if (beat_ns_ == 0 || std::chrono::nanoseconds(now - beat_ns_) <= longest_beat) return false;
  // All of thousands may be disconnected before the next beat.
  if (std::exchange(forgiven_beat_ns_, beat_ns_) == beat_ns_) return true;
  for (Agent& each : agents_) each.heard_ns = now;
  return true;
}

}  // namespace smlaunch
