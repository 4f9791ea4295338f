// SPDX-License-Identifier: Apache-2.0
// When ranks made progress or printed last, and how busy they are: pure. By this a job that hangs is told from one
// that works.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "base/indexed.hpp"
#include "launcher/outcome/job_record.hpp"
#include "topology/ranks.hpp"

namespace smlaunch {

class RankActivity {
 public:
  // `has_pattern`: --progress says what counts, and any other line does not.
  RankActivity(int ranks, std::uint64_t start_ns, bool has_pattern = false)
      : since_ns_(start_ns),
        has_pattern_(has_pattern),
        has_told_(static_cast<std::size_t>(ranks)),
        cpu_(static_cast<std::size_t>(ranks)) {}

  // The rank printed, on the leader's clock.
  void printed(Rank rank, std::uint64_t ns);
  // The rank has told its progress. From the first time on, its lines alone do not count any more; those of a rank that
  // tells none do.
  void progressed(Rank rank, std::uint64_t ns);
  // Nobody could be heard, or has begun yet: everybody's silence begins now.
  void forget(std::uint64_t ns) { since_ns_ = std::max(since_ns_, ns); }

  // An agent says that its rank had used `cpu_ns` when the agent's clock was at `agent_ns`.
  void used(Rank rank, std::uint64_t agent_ns, std::uint64_t cpu_ns);

  // How long no rank has made progress, as far as it can be seen.
  [[nodiscard]] JobSilence silence(std::uint64_t now_ns) const;

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
  std::uint64_t since_ns_;  // of the silence
  bool has_pattern_;
  bool has_printed_ = false;
  bool has_progressed_ = false;   // any rank
  Indexed<Rank, char> has_told_;  // by rank; no vector of bits
  Indexed<Rank, Samples> cpu_;
};

}  // namespace smlaunch
