// SPDX-License-Identifier: Apache-2.0
// Readiness while it goes on: a live line on a terminal, elsewhere a line now and then.
#pragma once

#include <functional>

#include <string>

#include "launcher/remote/ready.hpp"

namespace smlaunch {

class ReadyDisplay {
 public:
  explicit ReadyDisplay(int fd);  // where smlaunch's own sentences go; a terminal or not
  ~ReadyDisplay();                // takes the live line away
  ReadyDisplay(const ReadyDisplay&) = delete;
  ReadyDisplay& operator=(const ReadyDisplay&) = delete;

  // For ReadyRequest::progress.
  void show(const ReadyReport& report);

 private:
  void write(const std::string& text) const;

  int fd_;
  bool terminal_;
  bool line_shown_ = false;
  double next_ = 0;
  double interval_ = 0;
};

// Runs `wait` with a display as the progress of its request; nothing is shown where `quiet`. `as`: what is shown
// in the place of a report, if it is given.
ReadyReport show_while(bool quiet, std::function<void(const ReadyReport&)>& progress,
                       const std::function<ReadyReport()>& wait,
                       const std::function<ReadyReport(const ReadyReport&)>& as = {});

}  // namespace smlaunch
