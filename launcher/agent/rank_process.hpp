// SPDX-License-Identifier: Apache-2.0
// The rank's process: bound, started, read, watched and ended on this machine.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "launcher/agent/agent_environment.hpp"
#include "launcher/agent/agent_rank.hpp"
#include "launcher/agent/progress_lines.hpp"
#include "launcher/agent/rank_private_files.hpp"
#include "launcher/agent/rank_streams.hpp"
#include "launcher/agent/starter_ranks.hpp"
#include "launcher/evidence/rank_tail.hpp"
#include "launcher/inspect/rank_inspector.hpp"
#include "launcher/process/agent_priority.hpp"
#include "launcher/process/child_process.hpp"
#include "launcher/process/descendants.hpp"
#include "launcher/process/oom_kills.hpp"
#include "launcher/process/processor_wait.hpp"
#include "launcher/process/rank_cgroup.hpp"
#include "topology/machine.hpp"

namespace smlaunch {

class RankProcess final : public AgentRank {
 public:
  // `machine`: this host; nothing where nobody needs it. `identity` outlives this object.
  RankProcess(boost::asio::io_context& loop, const AgentIdentity& identity, std::vector<std::string> program,
              std::optional<Machine> machine);
  RankProcess(const RankProcess&) = delete;
  RankProcess& operator=(const RankProcess&) = delete;

  void set_callbacks(Callbacks callbacks) override { callbacks_ = std::move(callbacks); }
  Result<Started> start(Start message) override;
  void signal(int signal) override;
  void was_told(int signal) override;
  void pass_on(int signal) override;
  void inspect(Inspection how) override;
  void input(const Input& input) override { input_.take(input); }
  void resume() override;
  void fill(Pong& pong) override;
  void hurry() override;
  [[nodiscard]] bool has_descendants() const override;
  [[nodiscard]] std::vector<LeftProcess> find_leftovers() const override { return find_left_processes(); }
  void stop_leftovers() override;

  // Kills the processes that the rank has left and that still run.
  void end_leftovers();
  // The rank is over: nobody writes into them any more.
  void remove_private_files() { files_.remove(); }

 private:
  [[nodiscard]] bool runs() const { return child_ && !status_; }
  [[nodiscard]] ChildRequest make_request(const Start& message);
  void take_lines(bool is_stderr, const std::string& lines, std::optional<int> rank = {});
  [[nodiscard]] std::string seat_ranks(Start& message);
  void starter_rank_told(StarterRankNews news);
  void streams_drained();
  void begin_progress(const Start& message);
  void hold_starter();
  void tell_progress(bool is_last);
  void process_ended();
  void tell_end();

  boost::asio::io_context& loop_;
  const AgentIdentity& identity_;
  std::vector<std::string> program_;
  std::optional<Machine> machine_;
  Callbacks callbacks_;
  RankStreams streams_;
  StarterRanks ranks_;  // of a starter that tells us of its ranks
  bool has_ranks_ = false;
  bool starts_again_ = false;  // the starter, its ranks
  int undrained_ = 1;          // streams_, and ranks_
  RankInput input_;
  RankInspector inspector_;
  int niceness_before_ = go_before_ranks();
  std::map<std::string, std::string> variables_;  // the rank's, as far as its inspector needs them
  bool is_starter_ = false;
  std::optional<RankCgroup> cgroup_;
  std::optional<Child> child_;
  std::optional<boost::asio::posix::stream_descriptor> pidfd_;
  std::optional<RankTail> tail_;
  ProcessorWait processor_wait_;
  OomWatch oom_watch_;
  RankPrivateFiles files_;
  std::optional<ProgressLines> progress_lines_;  // nothing: there is no --progress
  std::uint64_t output_ns_ = 0;                  // when it printed last
  bool told_to_stop_ = false;
  std::set<int> had_signals_;  // signals that end it, without SIGKILL
  bool hurried_ = false;
  bool is_paused_ = false;  // by SIGSTOP
  std::set<int> stopped_leftovers_;
  // How the rank ended:
  std::optional<Result<ExitStatus>> status_;  // nothing: it runs
  Ended end_;
  std::optional<long> oom_kills_at_end_;
  bool is_told_ = false;
};

}  // namespace smlaunch
