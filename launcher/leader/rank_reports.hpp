// SPDX-License-Identifier: Apache-2.0
// The agents' reports of their ranks: written to the event log, printed, measured, and turned into the
// supervisor's events.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "launcher/channel/progress_messages.hpp"
#include "launcher/channel/starter_messages.hpp"
#include "launcher/inspect/hang_report.hpp"
#include "launcher/leader/device_reports.hpp"
#include "launcher/leader/host_watch.hpp"
#include "launcher/leader/leader_world.hpp"
#include "launcher/leader/rank_activity.hpp"
#include "launcher/leader/rank_clocks.hpp"
#include "launcher/leader/step_times.hpp"
#include "launcher/leader/supervisor.hpp"
#include "launcher/outcome/event_log.hpp"
#include "launcher/outcome/job_phases.hpp"
#include "launcher/plan/plan.hpp"

namespace smlaunch {

class RankReports {
 public:
  // The job begins now. The references outlive this object. `has_pattern`: --progress says which lines are progress.
  RankReports(const LaunchPlan& plan, const LeaderWorld& world, EventLog& events, JobPhases& phases,
              bool has_pattern);

  Event joined(Rank rank, const Hello& hello);
  std::optional<Event> take(Rank rank, const Frame& frame);
  void pong(Rank rank, const Pong& pong);
  // `of_starter`: the rank whose lines they are, where `rank` is that of a starter.
  void print(Rank rank, bool is_stderr, std::uint64_t read_ns, std::string_view lines,
             std::optional<int> of_starter = {});
  void event(const std::string& name, std::optional<Rank> rank,
             std::vector<std::pair<std::string, std::string>> texts);

  // Says how many ranks beyond the first few left something running. For the time when all have told.
  void say_other_leftovers() const;

  // All agents are there: warns of odd hosts. Silence counts from now on.
  void spawned();
  // How long no rank has made progress. Ranks are held back while nobody reads our output: then their silence does
  // not count.
  JobSilence silence();
  // Says which ranks' steps take clearly longer than the others'. To be called every second.
  void tell_slow_ranks();
  // The same of ranks for which the others wait, by what they have just told of their collectives.
  void tell_slow_ranks(const std::vector<RankLook>& looks);
  // For a while nobody could print, or we could hear nobody.
  void forget_silence() { activity_.forget(world_.loop.now_ns()); }

  [[nodiscard]] double seconds_at(std::uint64_t ns) const { return seconds_between(start_ns_, ns); }
  [[nodiscard]] const std::string& host(Rank rank) const { return hosts_[rank]; }
  [[nodiscard]] const RankHosts& hosts() const { return hosts_; }
  [[nodiscard]] const HostWatch& watch() const { return watch_; }
  [[nodiscard]] std::optional<int> master_port() const { return master_port_; }

 private:
  [[nodiscard]] EventLine event_of(const std::string& name, Rank rank) const;
  std::optional<Event> starter_rank_told(Rank starter, const StarterRankNews& news);
  Event started(Rank rank, const Started& started);
  Event ended(Rank rank, const Ended& ended);
  Event left_running(Rank rank, std::vector<LeftProcess> processes);
  Event progressed(Rank rank, ProgressReport report);
  Event devices_reported(Rank rank, DeviceNews news);
  [[nodiscard]] std::optional<Rank> take_teller(Rank rank, ProgressValues& values) const;
  void hint_at_slow_rank(int rank, const std::string& host, const std::string& words);
  void warn(const std::vector<std::string>& sentences);

  const LaunchPlan& plan_;
  const LeaderWorld& world_;
  EventLog& events_;
  JobPhases& phases_;
  std::uint64_t start_ns_;
  RankHosts hosts_;
  RankClocks clocks_;
  RankActivity activity_;
  HostWatch watch_;
  DeviceReports devices_;
  StepTimes step_times_;
  std::map<int, std::string> step_hosts_;  // of the ranks that tell their steps
  std::set<Rank> awaited_ranks_;           // others wait for them: this was said
  std::optional<int> master_port_;
  int ranks_with_leftovers_ = 0;
  int progress_events_ = 0;
  std::uint64_t last_progress_event_ns_ = 0;
};

}  // namespace smlaunch
