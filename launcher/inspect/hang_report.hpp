// SPDX-License-Identifier: Apache-2.0
// A job in which no rank prints any more: where its ranks are, and which of them are not where most ranks
// are. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launcher/inspect/rank_state.hpp"
#include "topology/layout.hpp"

namespace smlaunch {

struct RankLook {
  Rank rank;
  std::string host;
  std::optional<RankState> state = {};    // nothing: its agent did not answer in time
  std::optional<double> cores_used = {};  // how many cores it has kept busy of late
  std::string ended = {};                 // how and when it had ended by then; empty: it ran
  // So many of its last processes are its host's torchrun or xla, and what belongs to none of the ranks.
  std::size_t of_starter = 0;
};

// Ranks at one place. The largest group comes first; among equal groups, the one with the lowest rank.
struct RankGroup {
  std::string place;               // place_in_words(), "ended", or "not heard of"
  std::vector<std::size_t> ranks;  // indices of the looks
};
std::vector<RankGroup> group_by_place(const std::vector<RankLook>& looks);

// "rank 3 on algo-2 is elsewhere than the 7 others: train.py:12 in load; they: distributed.py:99 in
// all_reduce; rank 3 is busy, the others wait". Names at most eight ranks.
std::string describe_hang(const std::vector<RankLook>& looks);

// Whom the sentence points at: the ranks that had ended, else those that are elsewhere than most. Empty: all
// are alike, or there is no majority.
std::vector<Rank> find_odd_ranks(const std::vector<RankLook>& looks);

// What a torchrun or xla is doing as what each of its ranks is doing, where it is known which ranks they are. All
// processes of the host are there: those of no rank stand at the end of its first rank's.
std::vector<RankLook> looks_at_ranks(const RankLook& starter);

// A line for each rank, with its processes' states and stacks. A small job shows all ranks; a large job
// shows the ranks that are elsewhere than most, and one of the others.
std::vector<std::string> render_looks(const std::vector<RankLook>& looks);

}  // namespace smlaunch
