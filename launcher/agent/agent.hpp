// SPDX-License-Identifier: Apache-2.0
// What an agent decides. Its rank's life: connected -> started -> ended -> released; then processes that the
// rank has left running are ended. Whatever happens to the leader, to mpirun or to the network, the rank
// does not outlive its job.
#pragma once

#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "launcher/agent/agent_environment.hpp"
#include "launcher/agent/agent_rank.hpp"
#include "launcher/channel/peer_channel.hpp"
#include "launcher/channel/stop_messages.hpp"
#include "launcher/devices/device_watch.hpp"
#include "launcher/process/event_loop.hpp"

namespace smlaunch {

// All of these outlive the agent.
struct AgentWorld {
  EventLoop& loop;
  PeerChannel* channel = nullptr;  // null: there is no channel
  AgentRank& rank;
  std::string host;              // the host's own name for itself
  bool is_under_mpirun = false;  // mpirun or its daemon has started us
  std::function<void(bool is_stderr, const std::string& text)> print;
  // `hands_over`: it is there, and is told of the job now.
  std::function<void(const std::string& hand_over, std::function<void()> hands_over)> look_for_late_worker;
  DeviceWatch* devices = nullptr;  // null: another agent of the host watches them
};

class Agent {
 public:
  Agent(AgentIdentity identity, AgentWorld world);

  void begin();
  // Our parent has died, or somebody ends us: the rank ends with us. In a step of Slurm's we ask the leader to stop
  // the job, as long as it is there. `has_parent`: the process that started us still runs.
  void told_to_end(bool has_parent = true, int signal = SIGTERM);
  // SIGUSR1 or SIGUSR2, which a scheduler has sent to all processes of our host: the ranks of other hosts
  // are to have it, too.
  void got_user_signal(int signal);

  // After the loop has stopped:
  [[nodiscard]] int exit_code() const { return exit_code_; }
  [[nodiscard]] bool has_lost_leader() const { return has_lost_leader_; }
  [[nodiscard]] bool was_released() const { return was_released_; }
  [[nodiscard]] bool ends_daemon() const { return ends_daemon_; }  // Release::ends_daemon
  [[nodiscard]] std::chrono::milliseconds grace() const { return grace_; }

 private:
  enum class Phase { waiting, running, ended };

  void received(const Frame& frame);
  void start(const Frame& frame);
  void start_rank(const Start& message);
  void pass_on(bool is_stderr, const std::string& lines, std::optional<int> rank);
  void look_at_devices_again();
  void looked_at_devices(const DeviceNews& news);
  void rank_ended(const Result<Ended>& end);
  void stop_rank();
  void kill_rank_after(std::chrono::milliseconds grace);
  void leader_lost();
  void signal_rank(int signal);
  void pass_on_signal(const Frame& frame);
  void released(const Release& how);
  void end_leftovers_in_time();
  void end_leftovers(std::chrono::milliseconds untouched, std::chrono::milliseconds grace);
  void wait_for_leftovers(std::uint64_t until_ns, std::function<void()> still_there);
  void stop_leftovers(std::chrono::milliseconds grace);
  void tell_leftovers();
  void leave_when_all_is_said();
  void run_without_channel(const std::string& why);
  void leave() { world_.loop.stop(); }
  [[nodiscard]] std::uint64_t after(std::chrono::milliseconds time) const;
  void leave_if_done();
  [[nodiscard]] std::size_t waiting_bytes() const;
  [[nodiscard]] bool has_said_all() const;

  AgentIdentity identity_;
  AgentWorld world_;
  std::unique_ptr<LoopTimer> stop_timer_;
  std::unique_ptr<LoopTimer> slurm_timer_;
  Phase phase_ = Phase::waiting;  // of the rank
  bool is_detached_ = false;      // there is no channel
  bool has_lost_leader_ = false;
  bool was_released_ = false;
  bool ends_daemon_ = false;
  bool has_succeeded_ = false;  // of the rank
  bool forwards_output_ = true;
  bool is_stopping_ = false;
  bool is_hurried_ = false;
  bool is_leaving_ = false;  // we only wait for processes that the rank has left running
  bool has_ended_leftovers_ = false;
  bool is_stopping_leftovers_ = false;
  int leftover_looks_ = 0;
  std::uint64_t stop_deadline_ns_ = 0;
  std::uint64_t passed_signals_ = 0;
  std::chrono::milliseconds grace_{5000};
  int exit_code_ = 0;
};

}  // namespace smlaunch
