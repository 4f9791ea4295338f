// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace smlaunch {

// What the search tests: a host, by its node rank; in a job on a single host, a rank.
struct TestedUnit {
  int value = 0;
  auto operator<=>(const TestedUnit&) const = default;
};

// Why a group did not pass.
enum class GroupTrouble { none, rank_failed, wrong_sums, no_answer, did_not_begin };

// The result of a test among the ranks of one host, or of two; in a job on a single host, between two ranks.
struct GroupResult {
  std::vector<TestedUnit> units = {};         // one or two
  GroupTrouble trouble = GroupTrouble::none;  // none: every sum was right, in time
  // Its time includes the wait for the last rank to arrive. Nothing: the test did not end.
  std::optional<double> busbw_gbps = {};
  std::string words = {};          // of rank_failed: the rank's own words, or how it was gone
  std::size_t wrong_elements = 0;  // of wrong_sums: on one of the ranks

  [[nodiscard]] bool passed() const { return trouble == GroupTrouble::none; }
  bool operator==(const GroupResult&) const = default;
};

// Why a group did not pass, in words; empty where it did.
std::string describe_trouble(const GroupResult& group);

}  // namespace smlaunch
