// SPDX-License-Identifier: Apache-2.0
// The room launcher/status: what a running job is doing, for whoever asks meanwhile: a line on the terminal,
// `smlaunch status`, --metrics. It promises that nobody who asks makes the job wait. It touches a socket in
// this user's private folder and the file of --metrics, from a thread of its own.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/indexed.hpp"
#include "launcher/inspect/hang_report.hpp"
#include "launcher/outcome/job_record.hpp"
#include "launcher/outcome/outcome.hpp"
#include "topology/ranks.hpp"

namespace smlaunch {

// In the order in which a job goes through them.
enum class JobStage { code, ready, smoke, start, run, stop, end };
inline constexpr std::array all_job_stages = {JobStage::code,  JobStage::ready, JobStage::smoke,
                                              JobStage::start, JobStage::run,   JobStage::stop,
                                              JobStage::end};
std::string to_string(JobStage stage);  // "code"

// `waiting`: its agent has not come; `joined`: it has, and the rank has not started; `stopped`: we ended it.
enum class RankStage { waiting, joined, running, ended, stopped, failed, lost };
inline constexpr std::array all_rank_stages = {RankStage::waiting, RankStage::joined,  RankStage::running,
                                               RankStage::ended,   RankStage::stopped, RankStage::failed,
                                               RankStage::lost};
std::string to_string(RankStage stage);  // "waiting"
RankStage stage_of(const RankRecord& rank);
// Of a starter's rank.
RankStage stage_of(const RankRecord& starter, Rank rank);

struct RankStatus {
  std::string host = {};
  RankStage stage = RankStage::waiting;
  int pid = 0;  // 0: not known
  std::optional<ExitStatus> end = {};
  ProgressValues progress = {};
};

// A starter (torchrun), and the first of the ranks that it starts.
struct StarterStatus {
  Rank first_rank = {};
  RankStatus status = {};
};

// Of all ranks that have told the value.
struct ValueRange {
  double lowest = 0;
  double highest = 0;
};

struct JobStatus {
  std::string id = {};    // of the run, for people to name it by
  std::string name = {};  // TRAINING_JOB_NAME; may be empty
  int pid = 0;            // of the smlaunch that tells this
  std::string host = {};
  // The leader, if this host does not lead: then it knows neither the ranks nor the other hosts. Empty: it leads.
  std::string leader = {};
  std::string told_by_leader = {};     // its answer, in the form that was asked for; empty: it has given none
  std::string folder = {};             // BASE
  std::string working_directory = {};  // where smlaunch was started
  std::string version = {};
  std::string plan_hash = {};
  std::string launcher = {};
  JobStage stage = JobStage::code;
  double seconds = 0;  // since the start of the run
  int restarts = 0;
  std::optional<int> exit_code = {};  // at the end
  int hosts = 0;
  int hosts_ready = 0;
  std::string smoke = {};  // the stage or the verdict of the all-reduce test; empty: there is none
  std::optional<double> busbw_gbps = {};
  std::map<RankStage, int> counts = {};  // of the ranks
  std::optional<JobProgress> progress = {};
  double progress_ago = 0;                          // seconds
  std::optional<JobSilence> silence = {};           // while ranks run
  std::vector<Phase> phases = {};                   // of this try, so far
  std::map<std::string, ValueRange> values = {};    // of the ranks' progress; only where ranks are asked for
  Indexed<Rank, RankStatus> ranks = {};             // only where they are asked for
  std::vector<StarterStatus> starters = {};         // then, where the ranks have some and are known
  std::optional<std::vector<RankLook>> looks = {};  // only where stacks are asked for, and ranks run

  [[nodiscard]] int count(RankStage stage) const;
  [[nodiscard]] int world_size() const;
};

// Adds what is known of the ranks, and with `with_ranks` of each of them. `hosts`: of the record's entries.
void add_ranks(JobStatus& status, const JobRecord& record, const RankHosts& hosts, bool with_ranks);

// Is `word` the job's id, its name, its pid, its folder or its working directory?
bool is_named(const JobStatus& status, std::string_view word);

}  // namespace smlaunch
