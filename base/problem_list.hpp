// SPDX-License-Identifier: Apache-2.0
// The problems of one input: the first twenty, and how many there are beyond them, however long the input is.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace smlaunch {

inline constexpr std::size_t most_problems_told = 20;

class ProblemList {
 public:
  void add(Problem problem) {
    if (problems_.size() < most_problems_told)
      problems_.push_back(std::move(problem));
    else
      ++untold_;
  }
  void add(std::vector<Problem> problems) {
    for (Problem& each : problems) add(std::move(each));
  }
  [[nodiscard]] bool empty() const { return problems_.empty(); }
  // `where`: of the input as a whole.
  [[nodiscard]] std::vector<Problem> take(const std::string& where) {
    if (untold_ > 0) problems_.push_back({where, "has " + std::to_string(untold_) + " more problems", ""});
    return std::move(problems_);
  }

 private:
  std::vector<Problem> problems_;
  std::size_t untold_ = 0;
};

}  // namespace smlaunch
