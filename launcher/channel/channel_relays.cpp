// SPDX-License-Identifier: Apache-2.0
// What the leader does with peers that come inside the connection of a relay.
#include <utility>

#include "launcher/channel/channel_server.hpp"

namespace smlaunch {

void ChannelServer::let_carry(std::vector<Peer> carriers) { carriers_ = std::move(carriers); }

bool ChannelServer::may_carry(Peer relay, Peer peer) const {
  if (peer.value < 0 || peer == relay || !is_rank(peer)) return false;
  const auto at = static_cast<std::size_t>(peer.value);
  return at < carriers_.size() && carriers_[at] == relay;
}

bool ChannelServer::is_relay(Peer peer) const {
  const auto at = static_cast<std::size_t>(peer.value);
  return is_rank(peer) && at < carriers_.size() && carriers_[at] == peer;
}

std::optional<std::string> ChannelServer::take_relayed(Peer relay, const Frame& frame) {
  Agent& from = agents_[relay];
  if (!from.carried)
    from.carried = std::make_shared<CarriedLinks>(
        loop_.get_executor(), from.link, [this, relay](int rank) { return may_carry(relay, Peer{rank}); },
        [this](const std::shared_ptr<Connection>& link, const Hello& hello) { admit(link, hello); });
  // It may end while it takes this.
  const std::shared_ptr<CarriedLinks> carried = from.carried;
  return carried->take(frame);
}

}  // namespace smlaunch
