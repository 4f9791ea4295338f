// SPDX-License-Identifier: Apache-2.0
// Which host, or which link between two hosts, makes an all-reduce fail or slow. Decides what is tested next,
// and what the results say. Pure: anybody may run the tests that it asks for.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "base/indexed.hpp"
#include "launcher/smoke/group_result.hpp"

namespace smlaunch {

struct LocaliserSettings {
  int units = 0;
  bool tests_alone = true;                // each host by itself first; useless where each has one rank
  bool judges_speed = false;              // false: only whether a group passed
  std::optional<double> slow_below_gbps;  // what a pair should reach; nothing: compared with the best tenth
  int most_pair_rounds = 8;               // until every host is known to be good or bad
  int most_link_rounds = 4;  // further rounds among good hosts, while nothing else explains the failure
  bool all_pairs = false;    // go on until every two hosts have been tested: for a matrix
};

struct LocaliserFindings {
  std::vector<TestedUnit> bad;
  std::vector<TestedUnit> undecided;  // no pair with them passed, and no good host was there to tell
  std::vector<std::pair<TestedUnit, TestedUnit>> bad_links;  // between hosts that are good with others
  int pairs_tested = 0;                                      // of two hosts
  int pairs_possible = 0;                                    // among those that are not bad
  // How likely it is that a single bad link among the good hosts would have been seen.
  [[nodiscard]] double coverage() const {
    return pairs_possible == 0 ? 1.0 : static_cast<double>(pairs_tested) / pairs_possible;
  }
};

// A host that fails alone is bad. A host in a pair that passed is good. A host whose pairs all failed is bad
// if it has failed with two partners, or with all there are, and one of them is good; so a bad link accuses
// nobody. Pairs come by the circle method: in n - 1 rounds every two hosts meet once.
class Localiser {
 public:
  explicit Localiser(LocaliserSettings settings) : settings_(settings) {}

  // Groups of one or two hosts to be tested at the same time; no host is in two groups. Empty: the search is
  // over.
  std::vector<std::vector<TestedUnit>> next_round();
  // Takes the result of each group of the round, except of groups that could not be tested.
  void add(const GroupResult& result) { results_.push_back(result); }

  [[nodiscard]] LocaliserFindings findings() const;
  [[nodiscard]] int link_rounds() const { return link_rounds_; }

 private:
  enum class State { unknown, good, suspect, bad };
  struct View {
    Indexed<TestedUnit, State> states;
    Indexed<TestedUnit, std::vector<TestedUnit>> partners;  // tested with, whatever came of it
  };

  [[nodiscard]] double slow_limit() const;
  [[nodiscard]] bool is_bad(const GroupResult& result, double limit) const;
  [[nodiscard]] View look() const;
  [[nodiscard]] std::vector<std::vector<TestedUnit>> pairs_with_good(const View& view) const;
  std::vector<std::vector<TestedUnit>> next_circle_round(const View& view, State least);

  LocaliserSettings settings_;
  std::vector<GroupResult> results_;
  bool alone_done_ = false;
  int pair_rounds_ = 0;
  int link_rounds_ = 0;
  int circle_ = 0;  // rounds of the circle that have been used
};

}  // namespace smlaunch
