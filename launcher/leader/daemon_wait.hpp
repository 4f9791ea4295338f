// SPDX-License-Identifier: Apache-2.0
// How long mpirun waits for daemons that nobody brings any more: pure.
#pragma once

#include <cstdint>
#include <optional>

namespace smlaunch {

// mpirun starts its daemon on a host by a login, which ends when the daemon is in the background. The daemon connects to
// mpirun soon after that. Where it ends instead, mpirun does not notice it, and waits for ever.
class DaemonWait {
 public:
  // What mpirun has now: logins that run, and connections of daemons. True: it had some, and for half a minute no login
  // has run. Then the next half minute begins.
  [[nodiscard]] bool look(std::uint64_t now_ns, bool has_logins, bool has_connections);

 private:
  std::optional<std::uint64_t> since_ns_;  // when a login was seen last; nothing: mpirun has not begun
};

}  // namespace smlaunch
