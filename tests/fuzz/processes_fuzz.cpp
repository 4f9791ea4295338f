// SPDX-License-Identifier: Apache-2.0
// Files of /proc, whose names any process chooses, and the dumps of py-spy and faulthandler.
#include "launcher/inspect/rank_state.hpp"
#include "launcher/process/oom_kills.hpp"
#include "launcher/process/proc_stat.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace smlaunch {

void fuzz(std::string_view bytes) {
  (void)parse_py_spy_dump(bytes);
  (void)parse_faulthandler(lines_of(bytes));
  (void)parse_catches(bytes, 15);
  (void)parse_proc_stat(bytes, 100);
  (void)parse_oom_kills(bytes);
  (void)parse_oom_files(bytes);
}

}  // namespace smlaunch
