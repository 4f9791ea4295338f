// SPDX-License-Identifier: Apache-2.0
// What ranks, torchrun and mpirun print.
#include "base/line_splitter.hpp"
#include "base/shown_text.hpp"
#include "launcher/evidence/crash_words.hpp"
#include "launcher/evidence/failure_reason.hpp"
#include "launcher/evidence/mpirun_words.hpp"
#include "launcher/evidence/peer_loss.hpp"
#include "launcher/evidence/python_traceback.hpp"
#include "launcher/evidence/rank_tail.hpp"
#include "launcher/evidence/torchrun_failure.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace smlaunch {

void fuzz(std::string_view bytes) {
  const std::vector<std::string> lines = lines_of(bytes);
  (void)find_torchrun_failures(lines);
  for (const TorchrunWord& word : find_torchrun_words(bytes)) must(!succeeded(word.status));
  (void)find_traceback(lines);
  (void)find_python_exception(lines);
  (void)blames_peer(lines);
  for (const auto& reason : {find_reason(lines), find_crash_words(lines)})
    if (reason) must(reason->begin < reason->end && reason->end <= lines.size());
  if (const auto reason = find_reason(lines)) must(reason->text.size() <= most_reason_bytes);
  must(find_mpirun_reason(lines).find('\n') == std::string::npos);
  (void)find_lost_daemon(lines);
  std::string whole;
  LineSplitter splitter;
  splitter.feed(bytes, whole);
  splitter.finish(whole);
  must(whole.empty() || whole.back() == '\n');
  for (const bool of_starter : {false, true}) {
    RankTail tail(of_starter);
    tail.add_stdout(whole, 1);
    tail.add_stderr(whole, 2);
    (void)tail.last_words();
  }
  must(shown_text(bytes, 100).find('\x1b') == std::string::npos);
}

}  // namespace smlaunch
