// SPDX-License-Identifier: Apache-2.0
// Whose steps take clearly longer than the others', by the heartbeats' value "step": pure. It is a hint and
// no more: a rank may have more to do.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

namespace smlaunch {

struct SlowRank {
  int rank = 0;
  double seconds_a_step = 0;
  double others_seconds_a_step = 0;  // the median; of two the less
  int others = 0;
  bool operator==(const SlowRank&) const = default;
};

class StepTimes {
 public:
  // `seconds`: of the leader's clock. A step below the last one is a new beginning.
  void told(int rank, double step, double seconds);

  // Ranks that have become slow since the last call, each at most once. To be asked as often as one likes: it
  // looks every ten seconds.
  std::vector<SlowRank> take_slow(double now);

 private:
  struct Steps {
    bool has_first = false;  // of this window
    double first_step = 0;
    double first_seconds = 0;
    double step = 0;
    double seconds = 0;
  };
  void begin_anew();

  std::map<int, Steps> ranks_;
  bool is_disturbed_ = false;  // a rank came to it, or began anew
  std::set<int> told_;
  std::optional<double> next_look_;
};

}  // namespace smlaunch
