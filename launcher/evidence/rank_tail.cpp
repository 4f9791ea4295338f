// SPDX-License-Identifier: Apache-2.0
#include "launcher/evidence/rank_tail.hpp"

#include <algorithm>

#include "launcher/evidence/python_traceback.hpp"

namespace smlaunch {

namespace {

constexpr std::size_t most_bytes = 64U << 10U;

}  // namespace

void ByteTail::add(std::string_view lines, std::uint64_t now_ns) {
  if (lines.find(traceback_mark) != std::string_view::npos) traceback_ns_ = now_ns;
  if (lines.size() >= most_bytes) {
    bytes_ = lines.substr(lines.size() - most_bytes);
    return;
  }
  // Only now and then, so that what is moved is no more than what came.
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

void RankTail::add_stderr(std::string_view lines, std::uint64_t now_ns) {
  if (starter_)
    starter_->add(lines, now_ns);
  else
    stderr_.add(lines, now_ns);
}

LastWords RankTail::last_words() const {
  LastWords words =
      starter_ ? starter_->last_words() : LastWords{stderr_.lines(), stderr_.traceback_ns(), {}};
  if (stdout_.traceback_ns() == 0 || find_traceback(words.lines)) return words;
  LastWords printed;
  if (starter_) {
    // The ranks' lines are on stdout, and torchrun's summary on stderr.
    StarterTail both;
    both.add(stdout_.lines(), stdout_.traceback_ns());
    for (const std::string& line : words.lines) both.add(line + "\n");
    printed = both.last_words();
  } else {
    TextTail tail;
    tail.add(stdout_.lines());
    printed = {tail.lines(), stdout_.traceback_ns(), {}};
  }
  const auto traceback = find_traceback(printed.lines);
  if (!traceback) return words;
  printed.lines.erase(printed.lines.begin(),
                      printed.lines.begin() + static_cast<std::ptrdiff_t>(traceback->begin));
  return printed;
}

}  // namespace smlaunch
