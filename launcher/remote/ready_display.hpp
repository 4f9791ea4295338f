// SPDX-License-Identifier: Apache-2.0
// Shows how far the hosts are during the wait: a live line on a terminal, elsewhere a line now and then.
#pragma once

#include <functional>
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

// Returns the report of `wait` (run_on_hosts() or watch_hosts()), and shows its progress on stderr unless
// `quiet`; who has asked for the progress gets it, too. `as`, if given, turns a report into the report that is shown.
template <class Request>
RemoteReport show_while(bool quiet, RemoteReport (*wait)(const Request&), Request request,
                        const std::function<RemoteReport(const RemoteReport&)>& as = {}) {
  ReadyDisplay display(2);
  if (!quiet)
    request.progress = [&display, &as, told = request.progress](const RemoteReport& now) {
      if (told) told(now);
      display.show(as ? as(now) : now);
    };
  return wait(request);
}

}  // namespace smlaunch
