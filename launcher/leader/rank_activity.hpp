// SPDX-License-Identifier: Apache-2.0
// When ranks printed last, and how busy they are: pure. By this a job that hangs is told from one that works.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/indexed.hpp"
#include "topology/ranks.hpp"

namespace smlaunch {

class RankActivity {
 public:
  RankActivity(int ranks, std::uint64_t start_ns)
      : output_ns_(start_ns), cpu_(static_cast<std::size_t>(ranks)) {}

  // Some rank printed, on the leader's clock.
  void printed(std::uint64_t ns) { output_ns_ = ns > output_ns_ ? ns : output_ns_; }

  // An agent says that its rank had used `cpu_ns` when the agent's clock was at `agent_ns`.
  void used(Rank rank, std::uint64_t agent_ns, std::uint64_t cpu_ns);

  // How long no rank has printed anything.
  [[nodiscard]] double silent_seconds(std::uint64_t now_ns) const;

  // How many cores the rank has kept busy over its agent's last ten messages, about ten seconds. Nothing
  // before the second message.
  [[nodiscard]] std::optional<double> cores_used(Rank rank) const;

 private:
  struct Sample {
    std::uint64_t at_ns = 0;
    std::uint64_t cpu_ns = 0;
  };
  struct Samples {
    std::array<Sample, 10> ring{};
    std::size_t count = 0;  // of all samples that came, also of those that the ring has lost
  };
  std::uint64_t output_ns_;
  Indexed<Rank, Samples> cpu_;
};

}  // namespace smlaunch
