// SPDX-License-Identifier: Apache-2.0
// The one loop of a try, and what the session does on it beside the leader's run.
#pragma once

#include <optional>
#include <utility>

#include "launcher/process/asio_loop.hpp"
#include "launcher/remote/host_waits.hpp"
#include "launcher/remote/waiting_logins.hpp"
#include "launcher/session/lost_hosts.hpp"

namespace smlaunch {

struct TryLoop {
  explicit TryLoop(bool quiet) : waits(loop, begin_on(loop), quiet), lost_hosts(begin_on(loop)) {}
  static BeginOnHosts begin_on(AsioLoop& loop) {
    return [&loop](RemoteRequest request, TakeReport done) {
      return begin_on_hosts(loop, std::move(request), std::move(done));
    };
  }

  AsioLoop loop;
  HostWaits waits;
  LostHosts lost_hosts;
  std::optional<WaitingLogins> waiting_logins;  // where connections stay open for mpirun
};

}  // namespace smlaunch
