// SPDX-License-Identifier: Apache-2.0
// A program that is waited for so long and no longer, whatever hangs: what cannot even be killed (a read of a file
// system that does not answer) is left behind.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "launcher/process/child_process.hpp"

namespace smlaunch {

class BoundedProgram {
 public:
  // With our environment; it ends with the thread that has started it. Errors (Fault::start): it cannot be started.
  static Result<BoundedProgram> start(const std::vector<std::string>& argv, std::chrono::milliseconds bound);
  BoundedProgram(BoundedProgram&&) = default;
  BoundedProgram& operator=(BoundedProgram&&) = default;
  // Kills it, with all that it has started, where it is not over.
  ~BoundedProgram();

  // Waits for so long at most, also for no time at all. True: it has ended, or was killed at its bound. What it has
  // left running is not waited for.
  bool wait(std::chrono::milliseconds time);

  // When it is over; nothing: it was killed at its bound, or its status is lost.
  [[nodiscard]] const std::optional<ExitStatus>& status() const { return status_; }
  // Both of its streams, in the order in which they came; at most 64 KiB.
  [[nodiscard]] const std::string& output() const { return output_; }

 private:
  BoundedProgram(Child child, std::chrono::milliseconds bound)
      : child_(std::move(child)), give_up_(std::chrono::steady_clock::now() + bound) {}
  void take_output();

  Child child_;  // no pid: it is over
  std::chrono::steady_clock::time_point give_up_;
  std::optional<ExitStatus> status_;
  std::string output_;
};

}  // namespace smlaunch
