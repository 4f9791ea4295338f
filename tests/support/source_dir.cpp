// SPDX-License-Identifier: Apache-2.0
// The one file that is compiled with the checkout's path: all others are the same in every checkout, for
// ccache.
#include "tests/support/source_dir.hpp"

namespace smlaunch {

std::filesystem::path source_dir() { return SMLAUNCH_SOURCE_DIR; }

}  // namespace smlaunch
