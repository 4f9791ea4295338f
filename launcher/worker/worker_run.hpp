// SPDX-License-Identifier: Apache-2.0
// What a worker decides: waiting -> handed over -> ended. When it is told to stop, it tells the leader and
// stays until the outcome: the leader decides when all hosts are done.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "launcher/channel/host_messages.hpp"
#include "launcher/channel/messages.hpp"
#include "launcher/channel/peer_channel.hpp"
#include "launcher/process/event_loop.hpp"
#include "launcher/status/status_board.hpp"
#include "launcher/worker/worker.hpp"

namespace smlaunch {

// All of these outlive the worker.
struct WorkerWorld {
  EventLoop& loop;
  std::function<std::unique_ptr<PeerChannel>(const HandOver&, Hello)> make_channel;
  // Starts the preparation, and calls `ended` once.
  std::function<Result<void>(const CodeRequest&, std::function<void(const CodeEnd&)> ended)> prepare_code;
  std::function<void(const std::string& job)> end_job_processes;  // that carry its marker
  // Agents of this host, where we start them. May be empty where WorkerSettings::leader is.
  std::function<void(const StartAgents&)> start_agents = {};
  std::function<void(const SignalAgents&)> signal_agents = {};
  std::function<void()> forget_agents = {};  // those of the tries so far, which have been ended
};

class WorkerRun {
 public:
  WorkerRun(WorkerSettings settings, WorkerWorld world);

  void begin();
  // `hand_over`: the bytes of a HandOver that the leader's login has brought; may be empty.
  void take_over(const std::string& hand_over);
  // No agent of a set that we have started runs any more.
  void agents_ended(const AgentsEnded& end);
  void told_to_stop(int signal);
  // A signal that stops no job: the leader passes it on to every rank.
  void pass_on(int signal);
  // What the job is doing, which the leader is asked. Where WorkerSettings::board is.
  void tell_status(const StatusWish& wish, const StatusBoard::Answer& answer);

  // After the loop has stopped:
  [[nodiscard]] const WorkerResult& result() const { return result_; }
  [[nodiscard]] const std::string& job() const { return job_; }  // the marker; empty: no leader has come

 private:
  void prepare_code();
  void code_ended(const CodeEnd& end);
  void wait_for_leader();
  void go_to_leader();
  void open_channel(const HandOver& leader, Hello hello);
  void received(const Frame& frame);
  void start_agents(const Frame& frame);
  void signal_agents(const Frame& frame);
  void status_told(const Frame& frame);
  void leader_is_there();
  void token_refused();
  void turned_away(const std::string& reason);
  void leader_is_absent();
  void begin_again();
  void lost();
  void ask_to_stop();

  WorkerSettings settings_;
  WorkerWorld world_;
  std::unique_ptr<LoopTimer> bound_timer_;
  std::unique_ptr<PeerChannel> channel_;
  std::vector<std::unique_ptr<PeerChannel>> retired_;  // of earlier tries of the job
  std::string job_;
  std::uint64_t last_set_ = 0;       // of agents
  std::uint64_t last_signal_ = 0;    // for agents
  bool leader_is_told_of_ = false;   // of this try
  bool has_leader_ = false;          // we have gone to it, and it has let us in
  std::uint64_t last_question_ = 0;  // of the leader's status
  StatusBoard::Answer asker_;        // who waits for the answer to it; empty: nobody
  std::optional<CodeEnd> code_end_;
  WorkerResult result_;
};

}  // namespace smlaunch
