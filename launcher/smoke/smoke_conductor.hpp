// SPDX-License-Identifier: Apache-2.0
// The room launcher/smoke: the all-reduce test, but for the programs that do it: what ranks add up, what a wrong sum
// says, what is tested next, who is accused and by what evidence, the verdict and its forms. It promises to accuse
// nobody without evidence. All that decides is pure: whoever runs the check programs reports events and carries out
// the answers. Two files are for the check programs, and touch something: check_stream their stdin and stdout,
// loaded_file the libraries that are loaded.
//
// Decides what happens in an all-reduce test; never does it. Check programs run beside all ranks, as one set
// of processes. After a failure without an explanation, single hosts and pairs of hosts are tested: by the
// same set, or by a new one where programs of the first hang.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "launcher/smoke/check_round.hpp"
#include "launcher/smoke/check_settings.hpp"
#include "launcher/smoke/localiser.hpp"
#include "launcher/smoke/smoke_record.hpp"
#include "launcher/smoke/smoke_settings.hpp"

namespace smlaunch {

// Start an agent and its check program beside every rank; call agents_there() when all agents are there.
struct StartSet {};
// End the set; call set_over() when no process of it is left. `gently`: its programs have been told to quit,
// and get a moment to do so.
struct EndSet {
  bool gently = false;
};
struct SendCommand {
  Rank rank;
  CheckCommand command;
};
// Set the one timer, in seconds from now; an earlier setting is dropped. Call expired() when it runs out.
struct SetSmokeTimer {
  double seconds = 0;
};
// For the event log: in the test of all, every rank has reached this stage, or the time is over.
struct TellStage {
  SmokeStage stage = SmokeStage::spawned;
  int reached = 0;
  std::vector<int> missing;
};
struct TellSearch {
  int round = 0;
  int groups = 0;
};
struct FinishSmoke {};
using SmokeAction =
    std::variant<StartSet, EndSet, SendCommand, SetSmokeTimer, TellStage, TellSearch, FinishSmoke>;

class SmokeConductor {
 public:
  explicit SmokeConductor(SmokeSettings settings);

  // `now`: seconds since the test began, never going back.
  std::vector<SmokeAction> begin();
  std::vector<SmokeAction> agents_there(double now);
  std::vector<SmokeAction> message(Rank rank, const CheckMessage& message, double now);
  // The rank's program ended, or could not be started, or its agent was lost. `alone`: CheckLoss::alone.
  std::vector<SmokeAction> gone(Rank rank, const std::string& how, bool alone, double now);
  // The same for any loss.
  std::vector<SmokeAction> lost(Rank rank, CheckLoss loss, double now);
  // The engine ended while programs ran. Programs that are still open may be gone with their host.
  void engine_failed(const std::string& why) { record_.engine_failure = why; }
  // No set could be started, or the set ended too early, and no rank is to blame.
  std::vector<SmokeAction> set_failed(const std::string& why, double now);
  std::vector<SmokeAction> expired(double now);
  std::vector<SmokeAction> set_over(double now);

  [[nodiscard]] const SmokeRecord& record() const { return record_; }
  [[nodiscard]] const SmokeSettings& settings() const { return settings_; }

 private:
  enum class Phase { starting, preparing, testing, ending, over };
  using Actions = std::vector<SmokeAction>;

  [[nodiscard]] bool is_first() const { return !searching_; }
  CheckMember& member(Rank rank) { return members_[rank]; }
  RankCheck& checked(Rank rank) { return record_.ranks[rank]; }
  void start_set(Actions& actions);
  void stage_reached(Rank rank, const StageReached& reached, double now, Actions& actions);
  void look_at_preparation(double now, Actions& actions);
  void start_groups(double now, Actions& actions);
  void look_at_groups(double now, Actions& actions);
  void settle(Actions& actions);
  [[nodiscard]] double settle_bound() const;
  void end_round(double now, Actions& actions);
  void finish(double now, Actions& actions);
  void end_set(bool gently, Actions& actions);

  SmokeSettings settings_;
  SmokeRecord record_;
  Phase phase_ = Phase::starting;
  Indexed<Rank, CheckMember> members_;
  std::vector<CheckGroup> groups_;
  std::vector<CheckGroup> alone_;  // ranks that are in no group of the round, each by itself
  std::optional<Localiser> localiser_;
  bool searching_ = false;
  bool settling_ = false;  // a rank failed: the others get a moment to report a failure, too
  bool finishing_ = false;
  bool mpi_begun_ = false;  // in this set
  int next_test_ = 0;
  int round_ = 0;
  double search_begin_ = 0;
  double set_begin_ = 0;
};

}  // namespace smlaunch
