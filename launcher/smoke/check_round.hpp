// SPDX-License-Identifier: Apache-2.0
// One round of the all-reduce test: which ranks are tested together, what their programs are told, and how it
// ended. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launcher/smoke/check_settings.hpp"
#include "launcher/smoke/group_result.hpp"
#include "launcher/smoke/rank_result.hpp"
#include "launcher/smoke/smoke_settings.hpp"

namespace smlaunch {

// A check program of the present set.
struct CheckMember {
  bool ready = false;  // its device is ready
  bool failed = false;
  bool gone = false;
  bool asked = false;  // it was told to run a test
  bool done = false;   // it has its result
  std::optional<SmokeStage> reached = {};
  std::optional<TestResult> result = {};
  std::string why = {};  // why it failed
  [[nodiscard]] bool usable() const { return !failed && !gone; }
  // It has not even begun to look for the others.
  [[nodiscard]] bool is_absent() const { return !reached || *reached < SmokeStage::communicator_called; }
};

// Ranks that are tested together.
struct CheckGroup {
  int test = 0;
  std::vector<TestedUnit> units = {};  // the localiser's units; empty: all ranks
  IdSet ranks = {};
};

// A group of all ranks, and a group of the ranks of some units.
CheckGroup make_group_of_all(const SmokeSettings& settings);
CheckGroup make_group(const SmokeSettings& settings, std::vector<TestedUnit> units);

// What each rank's program is told first. `is_first`: for the test of all ranks, not for the search.
std::vector<CheckSettings> make_check_settings(const SmokeSettings& settings, bool is_first);

// `seconds`: until the leader ends the test.
RunTest make_test(const SmokeSettings& settings, const CheckGroup& group, bool is_first, double seconds);

// Nothing: the group was never tested, which is no evidence for or against it.
std::optional<GroupResult> judge_group(const SmokeSettings& settings, const CheckGroup& group,
                                       const Indexed<Rank, CheckMember>& members);

}  // namespace smlaunch
