// SPDX-License-Identifier: Apache-2.0
// A limited number of turns, and the line of those who wait for a turn. They get it in the order they came.
#pragma once

#include <cstddef>
#include <deque>

namespace smlaunch {

template <class Who>
class Turns {
 public:
  explicit Turns(std::size_t most) : free_(most) {}

  // False: no turn is free. Then `who` stands in line, and pass_on() will return it.
  bool take(Who& who) {
    if (free_ == 0) {
      line_.push_back(&who);
      return false;
    }
    --free_;
    return true;
  }

  // Gives a turn back. Returns who has it now; null: nobody waits.
  Who* pass_on() {
    if (line_.empty()) {
      ++free_;
      return nullptr;
    }
    Who* next = line_.front();
    line_.pop_front();
    return next;
  }

 private:
  std::size_t free_;
  std::deque<Who*> line_;
};

}  // namespace smlaunch
