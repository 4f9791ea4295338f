// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/error.hpp"
#include "launcher/process/child_process.hpp"

namespace smlaunch {

// Starts sshd on `port` where no SSH server answers at any address of this host. Nothing: a server answers.
// The sshd dies with this process. Errors (Fault::start): there is no sshd, something else has the port, or
// sshd does not listen within five seconds (its own words are in the message).
Result<std::optional<Child>> start_sshd_if_none(int port);

}  // namespace smlaunch
