// SPDX-License-Identifier: Apache-2.0
// What the leader acts upon: real in run_plan, made up in tests. All of it outlives every object that holds
// it.
#pragma once

#include <functional>

#include "launcher/channel/leader_channel.hpp"
#include "launcher/leader/agents_elsewhere.hpp"
#include "launcher/leader/job_engine.hpp"
#include "launcher/output/line_output.hpp"
#include "launcher/process/event_loop.hpp"

namespace smlaunch {

struct LeaderWorld {
  EventLoop& loop;
  LeaderChannel& channel;
  LineOutput& output;
  MakeEngine make_engine;
  std::function<void()> stop_ourselves;  // in the way of a shell's Ctrl-Z; returns when we go on
  AgentsElsewhere* elsewhere = nullptr;  // null: no host starts its own agents
};

inline double seconds_between(std::uint64_t from_ns, std::uint64_t to_ns) {
  return to_ns <= from_ns ? 0.0 : static_cast<double>(to_ns - from_ns) / 1e9;
}

}  // namespace smlaunch
