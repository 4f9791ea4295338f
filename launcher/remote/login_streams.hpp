// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "launcher/process/unique_fd.hpp"

namespace smlaunch {

// What an ssh client reads and writes, at our ends.
struct LoginStreams {
  UniqueFd in;  // to write to
  UniqueFd out;
  UniqueFd err;
};

}  // namespace smlaunch
