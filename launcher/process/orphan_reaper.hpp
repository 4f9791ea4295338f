// SPDX-License-Identifier: Apache-2.0
// What our descendants leave behind becomes our child, where we are a subreaper or a container's first process. It
// is taken out of the process table when it ends: a rank may start helpers for weeks, and zombies fill the table.
#pragma once

#include <memory>

namespace boost::asio {
class io_context;
}

namespace smlaunch {

// Those that have ended. Children that spawn_child() started are left to whoever waits for them.
void reap_orphans();

// Does so now, and whenever a child ends while the loop runs.
class OrphanReaper {
 public:
  explicit OrphanReaper(boost::asio::io_context& loop);
  ~OrphanReaper();
  OrphanReaper(const OrphanReaper&) = delete;
  OrphanReaper& operator=(const OrphanReaper&) = delete;

 private:
  struct Heard;
  std::unique_ptr<Heard> heard_;
};

}  // namespace smlaunch
