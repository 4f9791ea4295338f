// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/daemon_wait.hpp"

namespace smlaunch {

namespace {

// A daemon loads its parts before it connects: from a network's disk, together with a thousand others.
constexpr std::uint64_t connect_bound_ns = 30'000'000'000;

}  // namespace

bool DaemonWait::look(std::uint64_t now_ns, bool has_logins, bool has_connections) {
  if (has_logins || (!since_ns_ && has_connections)) since_ns_ = now_ns;
  if (!since_ns_ || now_ns - *since_ns_ < connect_bound_ns) return false;
  since_ns_ = now_ns;
  return true;
}

}  // namespace smlaunch
