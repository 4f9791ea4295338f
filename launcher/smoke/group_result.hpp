// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace smlaunch {

// What the search tells apart: a host, by its node rank; in a job on a single host a rank.
struct TestedUnit {
  int value = 0;
  auto operator<=>(const TestedUnit&) const = default;
};

// Why a group did not pass.
enum class GroupTrouble { none, rank_failed, wrong_sums, no_answer, did_not_begin };

// What came of a test among the ranks of one host, or of two; in a job on a single host, between two ranks.
struct GroupResult {
  std::vector<TestedUnit> units = {};         // one or two
  GroupTrouble trouble = GroupTrouble::none;  // none: every sum was right, in time
  std::optional<double> busbw_gbps =
      {};                          // with what was waited for the last to arrive; nothing: it did not end
  std::string words = {};          // rank_failed: its own, or how it was gone
  std::size_t wrong_elements = 0;  // wrong_sums: on one of the ranks

  [[nodiscard]] bool passed() const { return trouble == GroupTrouble::none; }
  bool operator==(const GroupResult&) const = default;
};

// Why it did not pass, in words; empty where it did.
std::string describe_trouble(const GroupResult& group);

}  // namespace smlaunch
