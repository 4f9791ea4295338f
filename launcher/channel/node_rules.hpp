// SPDX-License-Identifier: Apache-2.0
// Who may take the place of a node, of those who know the token: pure.
#pragma once

#include <optional>
#include <string>

#include "launcher/channel/host_messages.hpp"
#include "launcher/channel/messages.hpp"

namespace smlaunch {

// What is known of whoever has this place.
struct NodePlace {
  std::string host;  // its own name for it
  std::string instance;
  bool is_connected = false;
  bool was_refused = false;  // it has sent what it may not
};

// Nothing: it is let in. `hello` names a node rank; `nodes` is how many the job has; `place` is of that rank, where there
// is such a one.
std::optional<Refusal> refuse_node(const Hello& hello, int nodes, const NodePlace& place);

}  // namespace smlaunch
