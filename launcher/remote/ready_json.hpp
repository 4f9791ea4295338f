// SPDX-License-Identifier: Apache-2.0
// The readiness of hosts, for programs.
#pragma once

#include <string>

#include "launcher/remote/run_on_hosts.hpp"

namespace smlaunch {

// One object, "schema": "smlaunch.ready/1", indented, with a line feed at its end.
std::string render_ready_json(const RemoteReport& report);

}  // namespace smlaunch
