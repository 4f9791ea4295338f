// SPDX-License-Identifier: Apache-2.0
// A check program's end of the two pipes to its agent.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "launcher/smoke/check_settings.hpp"
#include "launcher/smoke/rank_result.hpp"

namespace smlaunch {

class CheckStream {
 public:
  // Takes stdout for messages alone: from now on, text that libraries print there goes to stderr.
  CheckStream();
  ~CheckStream();
  CheckStream(const CheckStream&) = delete;
  CheckStream& operator=(const CheckStream&) = delete;

  void send(const CheckMessage& message);
  // StageReached, with the time since this object was made.
  void reached(int test, SmokeStage stage);

  // The next command; nothing when no command came within `wait` (0: do not wait). The end of stdin, and a
  // line that is no command, count as QuitCheck.
  std::optional<CheckCommand> next(std::chrono::milliseconds wait);
  CheckCommand wait();

 private:
  std::optional<std::string> take_line();

  int out_ = -1;
  std::string input_;
  bool ended_ = false;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace smlaunch
