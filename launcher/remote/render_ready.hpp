// SPDX-License-Identifier: Apache-2.0
// The readiness of hosts, for people.
#pragma once

#include <cstddef>
#include <string>

#include "launcher/remote/run_on_hosts.hpp"

namespace smlaunch {

// "61/64 ready; algo-7: TCP refused since 43 s; algo-12: name unknown since 43 s; 1 more missing", at most
// `width` long.
std::string render_ready_line(const RemoteReport& report, std::size_t width);

// Why hosts are not ready: a sentence, then a table of host, stage, cause and what to do. Where more than 20
// hosts are missing, hosts with the same cause share a row. Every line ends with a line feed; empty when all
// are ready.
std::string render_ready_table(const RemoteReport& report);

// The answer of `smlaunch ready`: the table; when all are ready, how long that took and which host was last.
std::string render_ready_answer(const RemoteReport& report);

}  // namespace smlaunch
