// SPDX-License-Identifier: Apache-2.0
// Why a rank, a host or the engine counts as lost, as values. The code that finds a loss names its kind;
// only the last sentence puts it into words.
#pragma once

#include <string>
#include <variant>

#include "launcher/process/exit_status.hpp"
#include "topology/layout.hpp"

namespace smlaunch {

// Nobody has heard from an agent, or from a host's smlaunch, for so long.
struct Silence {
  double seconds = 0;
  std::string why;         // how the connection ended
  bool is_closed = false;  // the connection was closed and nobody came back, so the process is gone
};

// It has sent a message that breaks our rules, and is not heard any more. `what`: the message.
struct WordsRefused {
  std::string what;
};

// The agent that we started ourselves is gone.
struct AgentEnded {
  ExitStatus status;
};
// Somebody else, or mpirun, told the agent to end.
struct EndedByOthers {};
// Its agent did not report its end after our SIGKILL.
struct OutlivedKill {};
// It ended, but nobody knows how: the status of its process, or of the engine's process, is lost.
struct EndUnknown {
  std::string why;
};
using RankLoss = std::variant<Silence, WordsRefused, AgentEnded, EndedByOthers, OutlivedKill, EndUnknown>;

// A host does not answer. `cause`: in the words of readiness.
struct HostUnreachable {
  std::string cause;
};
using HostLoss = std::variant<Silence, WordsRefused, HostUnreachable>;

// The engine (all agents that we started, or the one process that starts them all) ended before its time.
struct AllAgentsEnded {};
struct EngineProcessEnded {
  ExitStatus status;
  std::string engine = "mpirun";  // or srun
};
// The engine started a rank on another host than the plan says, so the job cannot run.
struct RankMisplaced {
  std::string engine = {};
  Rank rank = {};
  std::string host = {};  // where the rank is
  std::string planned_host = {};
};
using EngineFailure = std::variant<AllAgentsEnded, EngineProcessEnded, RankMisplaced, EndUnknown>;

// "no word from its agent for 10 s (connection closed)"
std::string describe(const RankLoss& loss);
std::string describe(const HostLoss& loss);
std::string describe(const EngineFailure& failure);

}  // namespace smlaunch
