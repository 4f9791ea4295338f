// SPDX-License-Identifier: Apache-2.0
// Which host, or which link between two, makes an all-reduce fail or slow: decides what is tested next, and
// what the results say. Pure; what it asks for may be run by anybody.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "base/indexed.hpp"
#include "launcher/smoke/group_result.hpp"

namespace smlaunch {

struct LocaliserSettings {
  int units = 0;
  bool tests_alone = true;                // each host by itself first; of no use where each has one rank
  bool judges_speed = false;              // else only whether a group passed
  std::optional<double> slow_below_gbps;  // what a pair should reach; nothing: compared with the best tenth
  int most_pair_rounds = 8;               // until every host is known to be good or bad
  int most_link_rounds = 4;  // further ones among good hosts, while nothing else explains the failure
  bool all_pairs = false;    // as many as it takes to have tested every two hosts: for a matrix
};

struct LocaliserFindings {
  std::vector<TestedUnit> bad;
  std::vector<TestedUnit> undecided;  // no pair with them passed, and there was no good host to ask
  std::vector<std::pair<TestedUnit, TestedUnit>> bad_links;  // between hosts that are good with others
  int pairs_tested = 0;                                      // of two hosts
  int pairs_possible = 0;                                    // among those that are not bad
  // How likely it is that a single bad link among the good hosts would have been seen.
  [[nodiscard]] double coverage() const {
    return pairs_possible == 0 ? 1.0 : static_cast<double>(pairs_tested) / pairs_possible;
  }
};

// One host alone fails: it is bad. A host that is in a pair which passed is good. One whose pairs all failed
// is bad when it has failed with two partners, or with all there are, and one of them is good; so a bad link
// accuses nobody. Pairs come by the circle method: in n - 1 rounds every two hosts meet once.
class Localiser {
 public:
  explicit Localiser(LocaliserSettings settings) : settings_(settings) {}

  // Groups of one or two hosts, disjoint, to be tested at the same time. Empty: the search is over.
  std::vector<std::vector<TestedUnit>> next_round();
  // Of each group of the round; one that could not be tested need not come.
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
