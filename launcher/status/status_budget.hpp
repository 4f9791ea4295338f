// SPDX-License-Identifier: Apache-2.0
// How much is told of a job to other hosts: all of a thousand hosts may ask at once, and the job must not wait for them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace smlaunch {

class StatusBudget {
 public:
  static constexpr std::size_t most_in_a_second = 16U << 20U;  // bytes; the last answer may go beyond it

  // Times of a steady clock, which only grow.
  [[nodiscard]] bool has_room(std::uint64_t now_ns) {
    if (now_ns - since_ns_ >= 1'000'000'000) {
      since_ns_ = now_ns;
      told_ = 0;
    }
    return told_ < most_in_a_second;
  }
  void add(std::size_t bytes) { told_ += bytes; }

 private:
  std::uint64_t since_ns_ = 0;
  std::size_t told_ = 0;
};

}  // namespace smlaunch
