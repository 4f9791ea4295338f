// SPDX-License-Identifier: Apache-2.0
#include "base/indexed.hpp"

#include <cstdlib>

#include "base/own_words.hpp"

namespace smlaunch {

void fail_for_index(int value, std::size_t size) noexcept {
  say("internal error: there is no position {} in a list of {}", value, size);
  std::abort();
}

}  // namespace smlaunch
