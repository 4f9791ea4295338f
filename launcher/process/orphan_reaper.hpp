// SPDX-License-Identifier: Apache-2.0
// Where we are a subreaper or a container's first process, processes that our descendants leave behind
// become our children. We take them out of the process table when they end: a rank may start helpers for
// weeks, and zombies would fill the table.
#pragma once

#include <memory>

namespace boost::asio {
class io_context;
}

namespace smlaunch {

// Takes all that have ended. Children of spawn_child() are left to the code that waits for them.
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
