// SPDX-License-Identifier: Apache-2.0
// Every policy of the supervisor as a script: events on the left, the actions that must answer each on the right.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <variant>
#include <vector>

#include "launcher/leader/supervisor.hpp"

namespace smlaunch {

inline std::string to_text(Timer timer) {
  switch (timer) {
    case Timer::start_deadline: return "start_deadline";
    case Timer::grace: return "grace";
    case Timer::give_up: return "give_up";
    case Timer::engine_exit: return "engine_exit";
    case Timer::look: return "look";
    case Timer::inspection: return "inspection";
    case Timer::starter_end: return "starter_end";
  }
  return "?";
}

// "signal 15, timer grace 5000, release".
inline std::string to_text(const std::vector<Action>& actions) {
  std::string text;
  for (const Action& action : actions) {
    text += text.empty() ? "" : ", ";
    if (std::holds_alternative<StartRanks>(action)) text += "start";
    if (const auto* a = std::get_if<SignalRanks>(&action)) text += fmt::format("signal {}", a->signal);
    if (const auto* a = std::get_if<InspectRanks>(&action)) text += a->only_look ? "look" : "inspect";
    if (std::holds_alternative<TellLooks>(action)) text += "tell looks";
    if (const auto* a = std::get_if<PassSignalOn>(&action)) text += fmt::format("pass {}", a->signal);
    if (const auto* a = std::get_if<ReleaseAgents>(&action)) {
      text +=
          a->leftover_grace.count() == 0 ? "release" : fmt::format("release {}", a->leftover_grace.count());
      if (a->ends_daemons) text += " with its daemon";
    }
    if (const auto* a = std::get_if<EndEngine>(&action)) text += fmt::format("end engine {}", a->signal);
    if (const auto* a = std::get_if<SetTimer>(&action))
      text += fmt::format("timer {} {}", to_text(a->timer), a->length.count());
    if (std::holds_alternative<Finish>(action)) text += "finish";
  }
  return text;
}

inline SupervisorSettings settings(int world_size) {
  SupervisorSettings made;
  made.world_size = world_size;
  made.failure_grace = std::chrono::milliseconds(5000);
  made.stop_grace = std::chrono::milliseconds(110000);
  made.start_deadline = std::chrono::milliseconds(60000);
  return made;
}

struct Step {
  Event event;
  std::string actions;
};

inline Event joined(int rank) { return AgentJoined{Rank{rank}}; }
inline Event started(int rank) { return RankStarted{Rank{rank}, 100 + rank}; }
inline Event exited(int rank, int code) {
  return RankEnded{.rank = Rank{rank}, .end = {.status = Exited{code}}, .times = {.seconds = 1.0}};
}
inline Event stopped(int rank, int signal) {
  return RankEnded{.rank = Rank{rank},
                   .end = {.status = Signaled{signal, false}, .told_to_stop = true},
                   .times = {.seconds = 2.0}};
}
inline Event lost(int rank) {
  return AgentLost{.rank = Rank{rank}, .loss = Silence{10, "closed"}, .seconds = 1.0};
}
inline Event left(int rank) { return AgentLeft{Rank{rank}}; }
inline Event engine() {
  return EngineEnded{.failure = EngineProcessEnded{Exited{1}}, .seconds = 1.0, .status = Exited{1}};
}
inline bool is_lost(const Supervisor& supervisor, int rank) {
  return supervisor.record().ranks[Rank{rank}].loss.has_value();
}
inline Event expired(Timer timer) { return TimerExpired{timer}; }

inline void perform(Supervisor& supervisor, const std::vector<Step>& steps) {
  for (std::size_t i = 0; i < steps.size(); ++i)
    EXPECT_EQ(to_text(supervisor.on(steps[i].event)), steps[i].actions) << "at step " << i;
}

inline Supervisor running(int world_size) {
  Supervisor supervisor(settings(world_size));
  supervisor.begin();
  for (int rank = 0; rank < world_size; ++rank) supervisor.on(joined(rank));
  return supervisor;
}

inline constexpr const char* stop_all = "signal 15, timer grace 5000";
inline constexpr const char* release_all = "release, timer engine_exit 4000";
inline constexpr const char* release_daemons = "release with its daemon, timer engine_exit 4000";

}  // namespace smlaunch
