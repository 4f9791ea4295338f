// SPDX-License-Identifier: Apache-2.0
// One job, tried until it has succeeded or may not be tried again.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "launcher/job/job.hpp"
#include "launcher/leader/run_settings.hpp"
#include "launcher/options/options.hpp"
#include "launcher/outcome/event_log.hpp"
#include "launcher/outcome/report_json.hpp"
#include "launcher/outcome/restart.hpp"
#include "launcher/remote/ssh_connections.hpp"
#include "launcher/session/job_code.hpp"
#include "launcher/session/job_key.hpp"
#include "launcher/session/job_uploads.hpp"
#include "launcher/session/try_loop.hpp"
#include "launcher/status/status_board.hpp"

namespace smlaunch {

class JobTries {
 public:
  JobTries(const Options& options, const Job& job, const LaunchPlan& plan, const HostCode& code,
           StatusBoard& board);
  // Returns the exit code.
  int run();
  // Nothing was tried. Returns the exit code.
  int refuse_before(const Error& error);
  // When the last try was told to stop.
  [[nodiscard]] std::optional<SteadyTime> stop_asked() const { return stop_asked_; }

 private:
  // One try, and the results: job_tries.cpp
  int end_without_code();
  int refuse(const Error& error);
  [[nodiscard]] std::optional<std::filesystem::path> events_file() const;
  void announce();
  void open_connections();
  Result<Report> try_once();
  void clean_up();
  int answer_smoke(const Report& report);
  int finish(Report report);
  [[nodiscard]] bool only_smoke() const { return options_.command == Command::smoke; }

  // What the leader is told to do, and how it reaches the hosts: try_settings.cpp
  RunSettings make_settings(TryLoop& on);
  void tell_others(const Outcome& outcome);
  void note_hosts(const RemoteReport& report);
  void note_tokens(const RemoteReport& report);

  // Between two tries: next_try.cpp
  Result<void> prepare_next(const Report& failed, const RestartDecision& decision);
  [[nodiscard]] std::vector<std::string> drop_beyond_need(Cluster& cluster,
                                                          const std::vector<std::string>& at_fault) const;
  std::vector<std::string> go_on_with_fewer(const std::vector<std::string>& at_fault);

  // Hosts where nobody ends the processes of a try or takes away its token, and the marker of these processes.
  struct Left {
    std::set<std::string> hosts;
    std::string job;
  };

  const Options& options_;
  Job job_;
  LaunchPlan plan_;
  const HostCode& code_;
  StatusBoard& board_;
  const Paths& paths_;
  JobKey key_;
  RestartPolicy policy_;
  bool were_told_ = false;  // the other hosts, of the error by which the job ends
  int restarts_ = 0;        // also those that do not count
  EventLog events_;
  std::shared_ptr<LogFiles> log_files_;
  std::vector<EarlierTry> earlier_;
  std::optional<SmokeReport> smoke_;  // of the last try
  // In its place, for `smlaunch smoke`: the test was stopped, or its hosts were not ready.
  std::optional<SmokeReport> no_smoke_;
  std::optional<SshConnections> connections_;
  std::optional<Left> left_;
  bool has_own_token_ = false;        // the try has left it on this host, too
  std::set<std::string> with_token_;  // hosts where the try's login has left the job's token
  std::optional<SteadyTime> stop_asked_;
};

// The first host of the plan but ours, or a spare one; empty: there is none.
std::string first_other_host(const LaunchPlan& plan);
inline bool has_other_hosts(const LaunchPlan& plan) { return !first_other_host(plan).empty(); }

}  // namespace smlaunch
