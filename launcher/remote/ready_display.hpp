// SPDX-License-Identifier: Apache-2.0
// Shows how far the hosts are during the wait: a live line on a terminal, elsewhere a line now and then.
#pragma once

#include <string>

#include "launcher/remote/run_on_hosts.hpp"

namespace smlaunch {

class ReadyDisplay {
 public:
  explicit ReadyDisplay(int fd);  // where smlaunch's own sentences go; a terminal or not
  ~ReadyDisplay();                // takes the live line away
  ReadyDisplay(const ReadyDisplay&) = delete;
  ReadyDisplay& operator=(const ReadyDisplay&) = delete;

  // For a request's `progress`.
  void show(const RemoteReport& report);

 private:
  int fd_;
  bool terminal_;
  bool line_shown_ = false;
  double next_ = 0;
  double interval_ = 0;
};

// run_on_hosts() that shows its progress on stderr, unless `quiet`.
RemoteReport run_shown(bool quiet, RemoteRequest request);

}  // namespace smlaunch
