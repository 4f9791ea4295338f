// SPDX-License-Identifier: Apache-2.0
// Performs an all-reduce test: starts sets of check programs, by an engine of their own, and does what the
// conductor decides (smoke/smoke_conductor.hpp).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/leader/leader_world.hpp"
#include "launcher/leader/run_settings.hpp"
#include "launcher/leader/start_engine.hpp"
#include "launcher/leader/start_messages.hpp"
#include "launcher/plan/plan.hpp"
#include "launcher/smoke/smoke_conductor.hpp"

namespace smlaunch {

class SmokeRun {
 public:
  struct Callbacks {
    std::function<void(const TellStage&)> stage;
    std::function<void(const TellSearch&)> search;
    // A line of a check program or of the engine that is no message.
    std::function<void(const std::string&)> line;
    FindLostHosts find_lost_hosts;   // may be empty
    std::function<void()> finished;  // nothing of the test is left
  };

  // `plan`: of the check programs; it and `world` outlive this object. Until `finished`, this object gets the
  // messages of the peers below the plan's world size.
  SmokeRun(const LeaderWorld& world, const LaunchPlan& plan, SmokeSettings settings, AgentFacts agents,
           StartFacts start, std::string ssh_folder, Callbacks callbacks);
  ~SmokeRun();
  void begin();
  void stop();  // for requests from outside: ends the programs, then calls `finished`

  void joined(Rank rank);
  void data(Rank rank, const Frame& frame);
  // `heard_ns`: when its agent was heard last. `is_closed`: the connection was closed, and the agent did not
  // come back.
  void lost(Rank rank, const std::string& why, std::uint64_t heard_ns, bool is_closed);
  void left(Rank rank);

  [[nodiscard]] const SmokeRecord& record() const { return conductor_.record(); }
  [[nodiscard]] const SmokeSettings& settings() const { return conductor_.settings(); }

 private:
  enum class State { none, starting, running, ending };
  struct Peer_ {
    bool joined = false;
    bool ended = false;  // its program
    bool away = false;   // its agent
    std::string tail;    // of what its program wrote to stderr
  };

  [[nodiscard]] double now() const { return seconds_at(world_.loop.now_ns()); }
  [[nodiscard]] double seconds_at(std::uint64_t ns) const;
  void perform(const std::vector<SmokeAction>& actions);
  void start_set();
  void engine_line(std::string_view line);
  void set_failed(const std::string& why);
  void agents_there();
  void take_lines(Rank rank, bool is_stderr, std::string_view lines);
  void program_gone(Rank rank, const CheckLoss& loss);
  [[nodiscard]] bool all_gone() const;
  void end_set(bool gently);
  void release();
  void engine_ended(const Result<ExitStatus>& end, bool all);
  void end_engine(std::size_t step);
  void finish_set_if_over();
  void watch_start();
  void judge_start(bool any_host_lost);
  [[nodiscard]] std::string missing_hosts() const;

  const LeaderWorld& world_;
  const LaunchPlan& plan_;
  SmokeConductor conductor_;
  AgentFacts agents_;
  StartFacts start_;
  std::string ssh_folder_;
  Callbacks callbacks_;
  // Handlers of an engine that has ended may still be under way.
  std::vector<std::unique_ptr<JobEngine>> engines_;
  bool engine_runs_ = false;
  State state_ = State::none;
  Indexed<Rank, Peer_> peers_;
  std::unique_ptr<LoopTimer> timer_;        // the conductor's
  std::unique_ptr<LoopTimer> start_timer_;  // looks for hosts that are lost, and gives up
  std::unique_ptr<LoopTimer> end_timer_;
  std::uint64_t begin_ns_ = 0;
  std::uint64_t set_begin_ns_ = 0;
  bool released_ = false;
  bool engine_leaves_ = false;  // its agents are gone
};

}  // namespace smlaunch
