// SPDX-License-Identifier: Apache-2.0
// starting -> preparing -> testing -> (next round | ending) -> over. The first round tests all ranks; the
// localiser chooses the rounds of the search.
#include "launcher/smoke/smoke_conductor.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "launcher/smoke/find_suspects.hpp"
#include "launcher/smoke/smoke_report.hpp"

namespace smlaunch {

namespace {

// How long other ranks may still report a failure of their own after the first one.
constexpr double settle_seconds = 1.0;
// A round of the search moves little data; a round that takes this long hangs.
constexpr double longest_round_seconds = 30;
// The search ends when it has taken this long, or as long as the test might.
constexpr double least_search_seconds = 60;

}  // namespace

SmokeConductor::SmokeConductor(SmokeSettings settings) : settings_(std::move(settings)) {
  record_.ranks = Indexed<Rank, RankCheck>(settings_.ranks.size());
  record_.gpus = Indexed<NodeRank, std::optional<HostGpus>>(settings_.hosts.size());
  groups_.push_back(make_group_of_all(settings_));
}

std::vector<SmokeAction> SmokeConductor::begin() {
  Actions actions;
  start_set(actions);
  return actions;
}

void SmokeConductor::start_set(Actions& actions) {
  members_ = Indexed<Rank, CheckMember>(settings_.ranks.size());
  phase_ = Phase::starting;
  actions.emplace_back(StartSet{});
}

std::vector<SmokeAction> SmokeConductor::agents_there(double now) {
  Actions actions;
  if (phase_ != Phase::starting) return actions;
  phase_ = Phase::preparing;
  set_begin_ = now;
  for (CheckSettings& command : make_check_settings(settings_, is_first())) {
    const Rank rank{command.rank};
    actions.emplace_back(SendCommand{rank, std::move(command)});
  }
  actions.emplace_back(SetSmokeTimer{is_first() ? settings_.deadline_seconds : longest_round_seconds});
  return actions;
}

std::vector<SmokeAction> SmokeConductor::message(Rank rank, const CheckMessage& message, double now) {
  Actions actions;
  if (phase_ != Phase::preparing && phase_ != Phase::testing) return actions;
  const NodeRank node = settings_.ranks[rank].node;
  if (const auto* reached = std::get_if<StageReached>(&message)) stage_reached(rank, *reached, now, actions);
  if (const auto* found = std::get_if<FoundLibrary>(&message))
    for (const Rank each : settings_.ranks.indices())
      if (settings_.ranks[each].node == node)
        actions.emplace_back(SendCommand{each, UseLibrary{found->path}});
  if (const auto* facts = std::get_if<LibraryFacts>(&message); facts != nullptr && is_first())
    checked(rank).library = *facts;
  if (const auto* gpus = std::get_if<HostGpus>(&message)) record_.gpus[node] = *gpus;
  if (const auto* unique = std::get_if<UniqueId>(&message))
    for (const CheckGroup& group : groups_)
      if (group.test == unique->test)
        for (const int other : group.ranks)
          if (Rank{other} != rank)
            actions.emplace_back(SendCommand{Rank{other}, TakeId{unique->test, unique->id}});
  if (const auto* failed = std::get_if<CheckFailed>(&message)) {
    member(rank).failed = true;
    member(rank).why = failed->text;
    if (is_first()) checked(rank).failure = *failed;
  }
  if (const auto* result = std::get_if<TestResult>(&message)) {
    member(rank).done = true;
    member(rank).result = *result;
    if (is_first()) checked(rank).result = *result;
  }
  if (phase_ == Phase::preparing)
    look_at_preparation(now, actions);
  else
    look_at_groups(now, actions);
  return actions;
}

void SmokeConductor::stage_reached(Rank rank, const StageReached& reached, double now, Actions& actions) {
  member(rank).reached = reached.stage;
  if (reached.stage == SmokeStage::device_ready) member(rank).ready = true;
  if (!is_first()) return;
  const SmokeStage stage = reached.stage;
  checked(rank).reached[stage] = now;
  const auto there = [&](const RankCheck& each) { return each.reached[stage].has_value(); };
  if (std::all_of(record_.ranks.begin(), record_.ranks.end(), there))
    actions.emplace_back(TellStage{reached.stage, static_cast<int>(record_.ranks.size()), {}});
}

std::vector<SmokeAction> SmokeConductor::gone(Rank rank, const std::string& how, bool alone, double now) {
  Actions actions;
  if (phase_ == Phase::over || phase_ == Phase::ending) return actions;
  if (member(rank).usable()) member(rank).why = how;
  member(rank).gone = true;
  // A rank that has said what is wrong, or is done, may end.
  if (is_first() && checked(rank).is_open()) {
    const bool has_talked = checked(rank).reached[SmokeStage::communicator_called].has_value();
    checked(rank).loss = CheckLoss{.how = how, .seconds = now, .alone = alone || !has_talked};
  }
  if (phase_ == Phase::preparing || phase_ == Phase::starting)
    look_at_preparation(now, actions);
  else
    look_at_groups(now, actions);
  return actions;
}

std::vector<SmokeAction> SmokeConductor::set_failed(const std::string& why, double now) {
  Actions actions;
  if (phase_ == Phase::over || phase_ == Phase::ending) return actions;
  if (is_first() && !record_.not_run && phase_ == Phase::starting) record_.not_run = why;
  if (!is_first()) record_.search_cut_short = true;
  if (is_first() && phase_ != Phase::starting)
    for (RankCheck& rank : record_.ranks)
      if (rank.is_open()) rank.loss = CheckLoss{.how = why, .seconds = now};
  finishing_ = true;
  record_.seconds = now;
  end_set(false, actions);
  return actions;
}

// When every rank is ready or has failed, the test begins, or there is none.
void SmokeConductor::look_at_preparation(double now, Actions& actions) {
  const auto settled = [](const CheckMember& each) { return each.ready || !each.usable(); };
  const bool any_failed =
      std::any_of(members_.begin(), members_.end(), [](const CheckMember& each) { return !each.usable(); });
  if (!std::all_of(members_.begin(), members_.end(), settled)) {
    if (any_failed && !settling_) {
      settling_ = true;
      actions.emplace_back(SetSmokeTimer{settle_seconds});
    }
    return;
  }
  if (any_failed) return end_round(now, actions);
  if (is_first() && find_odd_libraries(settings_, record_)) return end_round(now, actions);
  start_groups(now, actions);
}

void SmokeConductor::start_groups(double now, Actions& actions) {
  phase_ = Phase::testing;
  settling_ = false;
  const bool is_cpu = settings_.backend == cpu_backend;
  const double left = is_first() ? settings_.deadline_seconds - (now - set_begin_)
                                 : std::min(longest_round_seconds, settings_.deadline_seconds);
  std::set<Rank> busy;
  const auto run = [&](const CheckGroup& group) {
    const RunTest test = make_test(settings_, group, is_first(), left);
    for (const int id : group.ranks) {
      const Rank rank{id};
      busy.insert(rank);
      member(rank).asked = true;
      member(rank).done = false;
      member(rank).result.reset();
      member(rank).reached.reset();
      actions.emplace_back(SendCommand{rank, test});
    }
  };
  for (CheckGroup& group : groups_) {
    group.test = next_test_++;
    run(group);
  }
  // MPI_Init waits for all ranks of the set, so ranks without a partner are tested by themselves.
  alone_.clear();
  if (is_cpu && !mpi_begun_)
    for (const Rank rank : members_.indices())
      if (!busy.contains(rank)) alone_.push_back({.test = next_test_++, .ranks = {rank.value}});
  for (const CheckGroup& group : alone_) run(group);
  mpi_begun_ = true;
  actions.emplace_back(SetSmokeTimer{left});
}

// The round is over when each of its ranks has a result, or cannot get one any more.
void SmokeConductor::look_at_groups(double now, Actions& actions) {
  bool any_waits = false;
  bool any_may_still = false;
  const auto look = [&](const CheckGroup& group) {
    const auto of = [&](auto&& test) { return std::any_of(group.ranks.begin(), group.ranks.end(), test); };
    const bool waits = of([&](int rank) { return !member(Rank{rank}).done && member(Rank{rank}).usable(); });
    const bool failed =
        of([&](int rank) { return !member(Rank{rank}).done && !member(Rank{rank}).usable(); });
    any_waits = any_waits || waits;
    any_may_still = any_may_still || (waits && !failed);
  };
  for (const CheckGroup& group : groups_) look(group);
  for (const CheckGroup& group : alone_) look(group);
  if (!any_waits) return end_round(now, actions);
  if (any_may_still || settling_) return;
  settling_ = true;
  actions.emplace_back(SetSmokeTimer{settle_seconds});
}

std::vector<SmokeAction> SmokeConductor::expired(double now) {
  Actions actions;
  const bool may_end =
      phase_ == Phase::preparing || phase_ == Phase::testing || (phase_ == Phase::starting && settling_);
  if (!may_end) return actions;
  if (!settling_ && is_first()) {
    record_.timed_out = true;
    for (const SmokeStage stage : all_smoke_stages) {
      TellStage told{stage, 0, {}};
      for (const Rank rank : record_.ranks.indices())
        if (record_.ranks[rank].reached[stage])
          ++told.reached;
        else
          told.missing.push_back(rank.value);
      if (told.missing.empty()) continue;
      actions.emplace_back(std::move(told));
      break;
    }
  }
  end_round(now, actions);
  return actions;
}

void SmokeConductor::end_round(double now, Actions& actions) {
  settling_ = false;
  const bool healthy =
      phase_ == Phase::testing && std::all_of(members_.begin(), members_.end(), [](const CheckMember& each) {
        return each.usable() && (each.done || !each.asked);
      });
  if (is_first()) {
    record_.seconds = now;
    if (!needs_search(judge_smoke(settings_, record_), settings_, record_)) return finish(now, actions);
    localiser_.emplace(make_localiser_settings(settings_, record_));
    searching_ = true;
    record_.searched = true;
    search_begin_ = now;
  } else {
    for (const CheckGroup& group : groups_) {
      if (phase_ != Phase::testing && std::all_of(group.ranks.begin(), group.ranks.end(),
                                                  [&](int rank) { return member(Rank{rank}).usable(); }))
        continue;
      if (auto result = judge_group(settings_, group, members_)) {
        localiser_->add(*result);
        record_.groups.push_back(std::move(*result));
      }
    }
  }
  if (now - search_begin_ > std::max(settings_.deadline_seconds, least_search_seconds))
    record_.search_cut_short = true;
  groups_.clear();
  if (!record_.search_cut_short)
    for (std::vector<TestedUnit>& units : localiser_->next_round())
      groups_.push_back(make_group(settings_, std::move(units)));
  if (groups_.empty()) return finish(now, actions);
  actions.emplace_back(TellSearch{++round_, static_cast<int>(groups_.size())});
  if (healthy) return start_groups(now, actions);
  end_set(false, actions);
}

void SmokeConductor::finish(double now, Actions& actions) {
  finishing_ = true;
  record_.seconds = now;
  bool gently = true;
  for (const Rank rank : members_.indices()) {
    const CheckMember& each = members_[rank];
    gently = gently && each.usable() && each.done;
    if (each.usable()) actions.emplace_back(SendCommand{rank, QuitCheck{}});
  }
  end_set(gently, actions);
}

void SmokeConductor::end_set(bool gently, Actions& actions) {
  phase_ = Phase::ending;
  mpi_begun_ = false;
  actions.emplace_back(EndSet{gently});
}

std::vector<SmokeAction> SmokeConductor::set_over(double now) {
  Actions actions;
  if (phase_ != Phase::ending) return actions;
  if (finishing_) {
    phase_ = Phase::over;
    record_.seconds = now;
    actions.emplace_back(FinishSmoke{});
  } else {
    start_set(actions);
  }
  return actions;
}

}  // namespace smlaunch
