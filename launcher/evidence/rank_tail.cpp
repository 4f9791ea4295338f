// SPDX-License-Identifier: Apache-2.0
#include "launcher/evidence/rank_tail.hpp"

#include <algorithm>

#include "launcher/evidence/failure_reason.hpp"
#include "launcher/evidence/python_traceback.hpp"

namespace smlaunch {

namespace {

constexpr std::size_t most_bytes = 64U << 10U;
// How many lines of stdout are shown before its last words.
constexpr std::size_t lines_before = 50;

}  // namespace

void ByteTail::add(std::string_view lines, std::uint64_t now_ns) {
  if (lines.find(traceback_mark) != std::string_view::npos) traceback_ns_ = now_ns;
  if (lines.size() >= most_bytes) {
    bytes_ = lines.substr(lines.size() - most_bytes);
    return;
  }
  // Only now and then, so that no more bytes are moved than have come.
  if (bytes_.size() + lines.size() > 2 * most_bytes)
    bytes_.erase(0, bytes_.size() + lines.size() - most_bytes);
  bytes_ += lines;
}

std::string_view ByteTail::lines() const {
  std::string_view kept = bytes_;
  if (kept.size() <= most_bytes) return kept;
  kept.remove_prefix(kept.size() - most_bytes);
  kept.remove_prefix(std::min(kept.find('\n'), kept.size() - 1) + 1);
  return kept;
}

RankTail::RankTail(bool of_starter) {
  if (of_starter) starter_.emplace();
}

void RankTail::add_stderr(std::string_view lines, std::uint64_t now_ns, std::optional<int> rank) {
  if (starter_)
    starter_->add(lines, now_ns, rank);
  else
    stderr_.add(lines, now_ns);
}

// The last words of stdout, with torchrun's summary after them, if there is one.
LastWords RankTail::words_on_stdout(const LastWords& on_stderr) const {
  if (starter_) {
    StarterTail both;
    both.add(stdout_.lines(), stdout_.traceback_ns());
    for (const std::string& line : on_stderr.lines) both.add(line + "\n");
    return both.last_words();
  }
  TextTail tail;
  tail.add(stdout_.lines());
  return {.lines = tail.lines(), .traceback_ns = stdout_.traceback_ns(), .failed_rank = {}};
}

LastWords RankTail::last_words() const {
  LastWords words =
      starter_
          ? starter_->last_words()
          : LastWords{.lines = stderr_.lines(), .traceback_ns = stderr_.traceback_ns(), .failed_rank = {}};
  const auto reason = find_reason(words.lines);
  if (stdout_.lines().empty() || find_traceback(words.lines) || (reason && reason->is_error)) return words;
  LastWords printed = words_on_stdout(words);
  const auto other = find_reason(printed.lines);
  if (!other || (reason && !other->is_error)) return words;
  // An error is shown from its beginning; last words are shown with some lines before them.
  const std::size_t first = other->is_error ? other->begin : other->end - std::min(other->end, lines_before);
  printed.lines.erase(printed.lines.begin(), printed.lines.begin() + static_cast<std::ptrdiff_t>(first));
  if (!find_traceback(printed.lines)) printed.traceback_ns = 0;
  return printed;
}

}  // namespace smlaunch
