// SPDX-License-Identifier: Apache-2.0
#include "launcher/evidence/starter_tail.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

#include "launcher/evidence/peer_loss.hpp"
#include "launcher/evidence/python_traceback.hpp"
#include "launcher/evidence/rank_prefix.hpp"
#include "launcher/evidence/torchrun_failure.hpp"

namespace smlaunch {

namespace {

// More ranks than a host can have. A program may print words that look like a prefix.
constexpr std::size_t most_ranks = 256;
// An exception's message may take several lines, and name the peer in a later one.
constexpr std::size_t most_message_lines = 8;

using Lines = std::vector<std::string>;

Lines joined(Lines lines, const Lines& more, std::size_t from) {
  lines.insert(lines.end(), more.begin() + static_cast<std::ptrdiff_t>(std::min(from, more.size())),
               more.end());
  return lines;
}

}  // namespace

void StarterTail::FirstTraceback::add(std::string_view line, std::uint64_t now_ns) {
  if (is_found_) return;
  if (has_exception_ && begins_original_traceback(line)) goes_on_ = true;
  if (begins_traceback(line) && !goes_on_) {
    if (is_own()) {
      is_found_ = true;
      return;
    }
    lines_.clear();
    bytes_ = lines_after_ = 0;
    has_exception_ = false;
    ns_ = now_ns;
  } else if (lines_.empty()) {
    return;
  }
  if (has_exception_ && is_between_chained(line)) goes_on_ = true;
  if (begins_traceback(line)) {
    goes_on_ = has_exception_ = false;
    lines_after_ = 0;
  } else if (has_exception_) {
    if (++lines_after_ > most_message_lines && !goes_on_) {
      is_found_ = is_own();
      if (!is_found_) lines_.clear();
      return;
    }
  } else if (traceback_margin(line)) {
    has_exception_ = true;
  }
  bytes_ += line.size();
  if (bytes_ <= most_traceback_bytes) lines_.emplace_back(line);
}

bool StarterTail::FirstTraceback::is_own() const {
  return has_exception_ && find_traceback(lines_) && !blames_peer(lines_);
}

LastWords StarterTail::FirstTraceback::found() const {
  if (!is_found_ && !is_own()) return {};
  return {.lines = lines_, .traceback_ns = ns_, .failed_rank = {}};
}

void StarterTail::add(std::string_view lines, std::uint64_t now_ns, std::optional<int> known) {
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    add_line(lines.substr(0, end), now_ns, known);
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
  }
}

void StarterTail::add_line(std::string_view line, std::uint64_t now_ns, std::optional<int> known) {
  RankPrefix prefix = parse_rank_prefix(line);
  if (known) {
    prefix.rank = known;
    prefix.local_rank.reset();
  }
  if (known || prefix.length > 0) {
    auto& tails = prefix.local_rank ? by_local_rank_ : by_rank_;
    const int rank = prefix.local_rank.value_or(prefix.rank.value_or(0));
    if (tails.contains(rank) || tails.size() < most_ranks) {
      const std::string text = std::string(line.substr(prefix.length)) + "\n";
      return tails[rank].add(text, now_ns);
    }
  }
  first_.add(line, now_ns);
  others_.add(std::string(line) + "\n", now_ns);
}

void StarterTail::set_end(int rank, const std::optional<ExitStatus>& status) {
  std::erase_if(failed_, [rank](const TorchrunFailure& each) { return each.rank == rank; });
  // torchrun stops the others by SIGTERM.
  const bool was_stopped = status == ExitStatus{Signaled{.signal = SIGTERM, .core_dumped = false}};
  if (status && !succeeded(*status) && !was_stopped)
    failed_.push_back({.rank = rank, .local_rank = -1, .status = *status});
}

const TextTail* StarterTail::tail_of(int rank, int local_rank) const {
  if (const auto found = by_local_rank_.find(local_rank); found != by_local_rank_.end())
    return &found->second;
  const auto found = by_rank_.find(rank);
  return found == by_rank_.end() ? nullptr : &found->second;
}

// When a traceback came that stands in torchrun's summary: it came earlier, among lines without a rank.
std::uint64_t StarterTail::ns_of_traceback(const Lines& traceback) const {
  const LastWords first = first_.found();
  const bool is_first = find_python_exception(first.lines) == find_python_exception(traceback);
  return is_first ? first.traceback_ns : 0;
}

LastWords StarterTail::last_words() const {
  const Lines others = others_.lines();
  std::vector<TorchrunFailure> failures = find_torchrun_failures(others);
  const bool has_summary = !failures.empty();
  if (!has_summary) failures = failed_;
  const std::size_t summary = find_torchrun_summary(others);
  const auto words_of = [&](const TorchrunFailure& failure) {
    const TextTail* tail = tail_of(failure.rank, failure.local_rank);
    if (tail != nullptr)
      return LastWords{
          .lines = tail->lines(), .traceback_ns = tail->traceback_ns(), .failed_rank = failure.rank};
    if (!has_summary) return LastWords{.lines = {}, .traceback_ns = 0, .failed_rank = failure.rank};
    if (failure.traceback.empty()) return LastWords();
    return LastWords{.lines = failure.traceback,
                     .traceback_ns = ns_of_traceback(failure.traceback),
                     .failed_rank = failure.rank};
  };
  if (!failures.empty()) {
    LastWords chosen = words_of(failures.front());
    const bool only_lost_its_peer = blames_peer(chosen.lines);
    for (std::size_t i = 1; only_lost_its_peer && i < failures.size(); ++i) {
      LastWords other = words_of(failures[i]);
      const auto* signaled = std::get_if<Signaled>(&failures[i].status);
      const bool was_killed = signaled != nullptr && signaled->signal != SIGTERM;
      if (!was_killed && (blames_peer(other.lines) || !find_traceback(other.lines))) continue;
      chosen = std::move(other);
      chosen.failed_rank = failures[i].rank;
      break;
    }
    if (chosen.failed_rank) {
      const std::size_t from = chosen.lines.empty() && has_summary ? 0 : summary;
      chosen.lines = joined(std::move(chosen.lines), others, from);
      return chosen;
    }
  }
  const bool by_signal = !failures.empty() && std::holds_alternative<Signaled>(failures.front().status);
  LastWords first = by_signal ? LastWords() : first_.found();
  if (!first.lines.empty() && find_python_exception(first.lines) != find_python_exception(others)) {
    first.lines = joined(std::move(first.lines), others, summary);
    return first;
  }
  if (failures.empty() && first.lines.empty() && !find_traceback(others))
    if (LastWords earliest = earliest_traceback(); !earliest.lines.empty()) {
      earliest.lines = joined(std::move(earliest.lines), others, 0);
      return earliest;
    }
  return {.lines = others,
          .traceback_ns = first.lines.empty() ? others_.traceback_ns() : first.traceback_ns,
          .failed_rank = {}};
}

LastWords StarterTail::earliest_traceback() const {
  LastWords earliest;
  bool is_own = false;
  for (const auto* tails : {&by_local_rank_, &by_rank_})
    for (const auto& [rank, tail] : *tails) {
      LastWords words{.lines = tail.lines(), .traceback_ns = tail.traceback_ns(), .failed_rank = {}};
      if (!find_traceback(words.lines)) continue;
      const bool has_own = !blames_peer(words.lines);
      const bool is_better = earliest.lines.empty() || has_own > is_own ||
                             (has_own == is_own && words.traceback_ns < earliest.traceback_ns);
      if (!is_better) continue;
      earliest = std::move(words);
      is_own = has_own;
    }
  return earliest;
}

}  // namespace smlaunch
