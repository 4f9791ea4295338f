// SPDX-License-Identifier: Apache-2.0
// Who carries others' connections inside ours is told of ours.
#pragma once

#include <memory>

#include "launcher/channel/connection.hpp"

namespace smlaunch {

class Carrier {
 public:
  virtual ~Carrier() = default;
  // The leader has let us in by this connection; what it says from now on is told.
  virtual void leader_came(std::shared_ptr<Connection> leader) = 0;
  // That connection is gone, or there will be none.
  virtual void leader_went() = 0;
  virtual void told(const Frame& frame) = 0;
};

}  // namespace smlaunch
