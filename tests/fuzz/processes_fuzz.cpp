// SPDX-License-Identifier: Apache-2.0
// Files of /proc, whose names any process chooses, the dumps of py-spy and faulthandler, and what a rank's thread tells.
#include "launcher/inspect/hang_evidence.hpp"
#include "launcher/inspect/nccl_ras.hpp"
#include "launcher/inspect/rank_state.hpp"
#include "launcher/inspect/rank_told.hpp"
#include "launcher/inspect/ras_status.hpp"
#include "launcher/inspect/short_waits.hpp"
#include "launcher/inspect/take_native_stacks.hpp"
#include "launcher/process/oom_kills.hpp"
#include "launcher/process/proc_stat.hpp"
#include "launcher/process/signal_masks.hpp"
#include "launcher/process/tcp_peers.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace smlaunch {

void fuzz(std::string_view bytes) {
  (void)parse_py_spy_dump(bytes);
  (void)parse_faulthandler(lines_of(bytes));
  for (const auto parse : {parse_py_spy_threads, parse_eu_stack, parse_gdb_threads}) {
    const auto stacks = join_threads(parse(bytes), 7);
    must(stacks.size() <= most_native_stacks);
    must(size_of(stacks) <= most_native_stacks * most_native_frames * most_in_native_frame);
  }
  (void)parse_capabilities(bytes);
  (void)parse_proc_stat(bytes, 100);
  (void)parse_end_status(bytes);
  (void)parse_oom_kills(bytes);
  (void)parse_oom_files(bytes);
  (void)parse_signal_masks(bytes);
  for (const auto& [inode, address] : parse_tcp_table(bytes)) must(!inode.empty() && !address.empty());
  for (const ListeningSocket& each : parse_listening(bytes, 28028)) must(!each.address.empty());
  for (const std::string& fact : find_ras_facts(bytes, {RankLook{.state = RankState()}}))
    must(fact.size() < 1000);
  if (const auto shorter = shorten_told(bytes)) {
    must(shorter->size() <= most_told && parse_told(*shorter));
    RankLook look{.state = RankState()};
    look.state->processes.emplace_back();
    look.state->processes.front().told = *shorter;
    (void)find_hang_evidence({look, look});
    (void)find_short_waits({look, look});
  }
}

}  // namespace smlaunch
