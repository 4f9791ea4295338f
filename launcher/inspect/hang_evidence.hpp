// SPDX-License-Identifier: Apache-2.0
// Who waits for whom in a job that hangs: what the ranks' threads tell of their process groups, compared. Pure, and no
// more certain than its evidence: a rank that does not answer is not said to be missing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "launcher/inspect/hang_report.hpp"
#include "launcher/inspect/silent_links.hpp"

namespace smlaunch {

// A collective as it is named to people: "all_reduce 1204 of the default group".
struct NamedCollective {
  std::string group = {};                      // "default", or its name
  std::string op = {};                         // empty: not known
  std::optional<std::uint64_t> sequence = {};  // nothing: its numbers begin anywhere, or there is none
  std::string sizes = {};
};

struct WaitingRanks {
  NamedCollective in = {};
  std::vector<Rank> ranks = {};
};

struct MissingRank {
  Rank rank = {};
  std::string host = {};
  std::string where = {};  // what it does instead: "load_batch (data.py:88)"
};

// In one group.
struct GroupProgress {
  std::optional<NamedCollective> last_begun = {};
  std::optional<NamedCollective> last_finished = {};
  std::optional<NamedCollective> waiting_in = {};
};

struct RankStanding {
  Rank rank = {};
  std::string state = {};  // "sleeping", "stopped", "ended", "not heard of"
  // Of the group in which it waits, otherwise of the default group. It may also wait in what no group counts: recv.
  GroupProgress progress = {};
  std::vector<GroupProgress> groups = {};             // all that it has begun something in, 16 at most
  std::vector<std::vector<std::string>> stacks = {};  // each of a thread, innermost first
};

struct HangEvidence {
  std::vector<WaitingRanks> waiting = {};
  std::vector<MissingRank> missing = {};
  std::vector<RankStanding> ranks = {};  // empty: no rank has told anything of itself
  std::vector<SilentLink> silent_links = {};
  std::string sentence = {};           // empty: nothing tells who waits for whom
  std::vector<std::string> nccl = {};  // what NCCL says of its communicators; empty: it has not answered
  std::vector<Rank> pointed_at = {};   // whose ranks, by their agents, the sentence points at; empty: nobody
  bool is_only_network = false;  // they are on a host to which bytes do not get through; no more is known
};

HangEvidence find_hang_evidence(const std::vector<RankLook>& looks);

// Its sentence; where nothing tells who waits for whom, where the ranks are, and whose bytes do not get through.
std::string describe_standstill(const std::vector<RankLook>& looks, const HangEvidence& evidence);

}  // namespace smlaunch
