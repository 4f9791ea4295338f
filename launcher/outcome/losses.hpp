// SPDX-License-Identifier: Apache-2.0
// Why a rank, a host or the engine counts as lost, as values. Whoever finds a loss says which it is; only
// the last sentence puts it into words.
#pragma once

#include <string>
#include <variant>

#include "launcher/process/exit_status.hpp"
#include "topology/layout.hpp"

namespace smlaunch {

// Nobody has heard of an agent, or of a host's smlaunch, for so long.
struct Silence {
  double seconds = 0;
  std::string why;  // what the connection's end was
  bool is_closed =
      false;  // its connection was closed, and it did not come back: it is its process that is gone
};

// It has sent what nobody of ours sends, and is not heard any more: what that was.
struct WordsRefused {
  std::string what;
};

// The agent that we started ourselves is gone.
struct AgentEnded {
  ExitStatus status;
};
// Somebody, or mpirun, told the agent to end, and we did not.
struct EndedByOthers {};
// Its end was not reported after our SIGKILL.
struct OutlivedKill {};
// It ended, but nobody knows how: the status of its process, or of the engine's, is lost.
struct EndUnknown {
  std::string why;
};
using RankLoss = std::variant<Silence, WordsRefused, AgentEnded, EndedByOthers, OutlivedKill, EndUnknown>;

// A host does not answer, by what readiness says of it.
struct HostUnreachable {
  std::string cause;
};
using HostLoss = std::variant<Silence, WordsRefused, HostUnreachable>;

// The engine ended before its time: all agents that we started, or mpirun.
struct AllAgentsEnded {};
struct MpirunEnded {
  ExitStatus status;
};
// The engine started a rank on another host than the plan says: it is of no use.
struct RankMisplaced {
  std::string engine = {};
  Rank rank = {};
  std::string host = {};  // where it is
  std::string planned_host = {};
};
using EngineFailure = std::variant<AllAgentsEnded, MpirunEnded, RankMisplaced, EndUnknown>;

// "no word from its agent for 10 s (connection closed)"
std::string describe(const RankLoss& loss);
std::string describe(const HostLoss& loss);
std::string describe(const EngineFailure& failure);

}  // namespace smlaunch
