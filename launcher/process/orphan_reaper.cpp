// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/orphan_reaper.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>

#include "launcher/process/child_process.hpp"
#include "launcher/process/descendants.hpp"

namespace smlaunch {

namespace {

// The kernel always shows the same child first. Where that is one of spawn_child()'s, the others are found
// by their pid.
void reap_by_name() {
  for (const int pid : find_children(getpid())) reap_unless_started(pid);
}

}  // namespace

void reap_orphans() {
  while (true) {
    siginfo_t info{};
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return;
    if (!reap_unless_started(info.si_pid)) return reap_by_name();
  }
}

struct OrphanReaper::Heard {
  explicit Heard(boost::asio::io_context& loop) : signal(loop, SIGCHLD) {}
  void wait() {
    signal.async_wait([this](const boost::system::error_code& error, int) {
      if (error) return;
      reap_orphans();
      wait();
    });
  }
  boost::asio::signal_set signal;
};

OrphanReaper::OrphanReaper(boost::asio::io_context& loop) : heard_(std::make_unique<Heard>(loop)) {
  reap_orphans();
  heard_->wait();
}

OrphanReaper::~OrphanReaper() = default;

}  // namespace smlaunch
