// SPDX-License-Identifier: Apache-2.0
// When something happened on a rank's host, on the leader's clock: pure. Steady clocks of two hosts have
// nothing in common. So each is measured against ours; otherwise nobody could say who failed first.
#pragma once

#include <cstdint>

#include "base/indexed.hpp"
#include "launcher/channel/messages.hpp"
#include "topology/ranks.hpp"

namespace smlaunch {

struct Moment {
  std::uint64_t ns = 0;    // on the leader's steady clock
  double uncertainty = 0;  // in seconds, either way
};

class RankClocks {
 public:
  explicit RankClocks(int ranks) : clocks_(static_cast<std::size_t>(ranks)) {}

  // The rank runs on the leader's host: their clocks are one.
  void share(Rank rank);

  // A ping's answer, which arrived at `now_ns`. The agent read its clock between the ping and that time. The
  // shortest round trip tells best.
  void measure(Rank rank, const Pong& pong, std::uint64_t now_ns);

  // The agent's `agent_ns`, which arrived at `arrived_ns`. Where the agent's clock was never measured, the
  // moment is only known to lie between `earliest_ns` and the arrival.
  [[nodiscard]] Moment on_our_clock(Rank rank, std::uint64_t agent_ns, std::uint64_t earliest_ns,
                                    std::uint64_t arrived_ns) const;

 private:
  struct Clock {
    std::int64_t offset_ns = 0;  // the agent's minus ours
    double uncertainty = 0;
    bool measured = false;
  };
  Indexed<Rank, Clock> clocks_;
};

}  // namespace smlaunch
