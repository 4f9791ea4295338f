// SPDX-License-Identifier: Apache-2.0
#include "topology/cluster.hpp"

namespace smlaunch {

std::string to_string(TopologySource source) {
  switch (source) {
    case TopologySource::probed: return "probed";
    case TopologySource::file: return "file";
    case TopologySource::assumed: break;
  }
  return "assumed";
}

}  // namespace smlaunch
