// SPDX-License-Identifier: Apache-2.0
#include "launcher/report/timeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

namespace smlaunch {

namespace {

constexpr std::size_t most_marks = 200;

struct HostSpan {
  std::string host;
  double began = 0;
  double ended = 0;
  BarKind kind = BarKind::good;
  int ranks = 0;
  int bad_ranks = 0;
  int hosts = 1;
  bool is_rest = false;  // hosts that did not find a row of their own
};

BarKind worse(BarKind a, BarKind b) {
  if (a == BarKind::bad || b == BarKind::bad) return BarKind::bad;
  return a == BarKind::stopped || b == BarKind::stopped ? BarKind::stopped : BarKind::good;
}

BarKind kind_of(const RecordedRank& rank) {
  if (failed(rank)) return BarKind::bad;
  return rank.cause == RecordedCause::stopped_by_us ? BarKind::stopped : BarKind::good;
}

// In the order of their lowest ranks.
std::vector<HostSpan> spans_of_hosts(const RunRecord& record, double last) {
  std::vector<HostSpan> spans;
  std::map<std::string, std::size_t> at;
  for (const RecordedRank& rank : record.ranks) {
    if (!rank.began) continue;
    const auto [found, is_new] = at.emplace(rank.host, spans.size());
    const double ended = rank.ended.value_or(last);
    if (is_new) spans.push_back({.host = rank.host, .began = *rank.began, .ended = ended});
    HostSpan& span = spans[found->second];
    span.began = std::min(span.began, *rank.began);
    span.ended = std::max(span.ended, ended);
    span.kind = worse(span.kind, kind_of(rank));
    ++span.ranks;
    if (failed(rank)) ++span.bad_ranks;
  }
  return spans;
}

std::string span_words(const HostSpan& span) {
  return fmt::format("{}: {} rank{}, {:.1f} to {:.1f} s{}", span.host, span.ranks, span.ranks == 1 ? "" : "s",
                     span.began, span.ended,
                     span.bad_ranks > 0 ? fmt::format(", {} failed", span.bad_ranks) : "");
}

// `into` is a row of several hosts, of the same ranks' numbers as before and these.
void join(HostSpan& into, const HostSpan& span) {
  into.began = std::min(into.began, span.began);
  into.ended = std::max(into.ended, span.ended);
  into.kind = worse(into.kind, span.kind);
  into.ranks += span.ranks;
  into.bad_ranks += span.bad_ranks;
  into.hosts += span.hosts;
}

// Hosts without a failure that began and ended at about the same moments. Those that failed stay alone.
std::vector<HostSpan> fold_equal(std::vector<HostSpan> spans, double scale) {
  constexpr double share_of_scale = 0.02;
  std::vector<HostSpan> folded;
  std::vector<HostSpan> first;  // of each row of `folded`: rows do not drift
  for (HostSpan& span : spans) {
    std::size_t at = 0;
    const auto is_like = [&](const HostSpan& other) {
      return other.kind == span.kind && std::abs(other.began - span.began) <= share_of_scale * scale &&
             std::abs(other.ended - span.ended) <= share_of_scale * scale;
    };
    while (at < first.size() && (span.kind == BarKind::bad || !is_like(first[at]))) ++at;
    if (at < first.size()) {
      join(folded[at], span);
      continue;
    }
    first.push_back(span);
    folded.push_back(std::move(span));
  }
  return folded;
}

// Those that failed, and then those that ended first, keep rows of their own; the rest is one row, the last.
std::vector<HostSpan> fold_rest(std::vector<HostSpan> spans) {
  if (spans.size() <= most_host_rows) return spans;
  std::vector<std::size_t> order(spans.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::tuple(spans[a].kind != BarKind::bad, spans[a].ended) <
           std::tuple(spans[b].kind != BarKind::bad, spans[b].ended);
  });
  constexpr std::size_t shown = most_host_rows - 1;
  std::sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(shown));
  HostSpan rest = spans[order[shown]];
  for (std::size_t i = shown + 1; i < order.size(); ++i) join(rest, spans[order[i]]);
  rest.is_rest = true;
  std::vector<HostSpan> kept;
  for (std::size_t i = 0; i < shown; ++i) kept.push_back(std::move(spans[order[i]]));
  kept.push_back(std::move(rest));
  return kept;
}

void add_hosts(const RunRecord& record, Timeline& timeline) {
  std::vector<HostSpan> spans = spans_of_hosts(record, timeline.end);
  if (spans.size() > most_single_hosts) spans = fold_rest(fold_equal(std::move(spans), timeline.end));
  for (HostSpan& span : spans) {
    if (span.is_rest)
      span.host = fmt::format("{} more hosts", span.hosts);
    else if (span.hosts > 1)
      span.host = fmt::format("{} and {} like it", span.host, span.hosts - 1);
    timeline.rows.push_back(
        {.label = span.host,
         .bars = {{.begin = span.began, .end = span.ended, .kind = span.kind, .words = span_words(span)}}});
  }
}

// What a run is until it is tried again, and from then on. Of a run without a restart there is no such row.
void add_tries(const RunRecord& record, Timeline& timeline) {
  TimelineRow row{.label = "tries"};
  double begin = 0;
  for (const RecordedEvent& event : record.events) {
    if (event.event != "restart") continue;
    row.bars.push_back({.begin = begin,
                        .end = event.seconds,
                        .kind = BarKind::bad,
                        .words = fmt::format("try {} failed, {:.1f} to {:.1f} s", row.bars.size() + 1, begin,
                                             event.seconds)});
    begin = event.seconds;
  }
  if (row.bars.empty()) return;
  row.bars.push_back({.begin = begin,
                      .end = timeline.end,
                      .kind = record.outcome == "success"   ? BarKind::good
                              : record.outcome == "stopped" ? BarKind::stopped
                                                            : BarKind::bad,
                      .words = fmt::format("try {}, from {:.1f} s", row.bars.size() + 1, begin)});
  timeline.rows.push_back(std::move(row));
}

void add_smoke(const RunRecord& record, Timeline& timeline) {
  TimelineRow row{.label = "all-reduce test"};
  double begin = -1;
  for (const RecordedEvent& event : record.events) {
    if (event.event == "restart") begin = -1;
    if (event.event != "smoke_stage" && event.event != "smoke") continue;
    std::string words = event.event;
    for (const auto& [name, value] : event.values)
      if (name == "stage" || name == "verdict") words = value;
    const bool is_verdict = event.event == "smoke";
    const bool is_bad = is_verdict && words == "fail";
    if (begin >= 0 || is_verdict)
      row.bars.push_back({.begin = begin < 0 ? event.seconds : begin,
                          .end = event.seconds,
                          .kind = is_bad ? BarKind::bad : BarKind::work,
                          .words = fmt::format("{}: {:.2f} s", words, event.seconds)});
    begin = event.seconds;
  }
  if (!row.bars.empty()) timeline.rows.push_back(std::move(row));
}

// A host's readiness is known by its change of state. Each try has a bar of its own.
void add_readiness(const RunRecord& record, Timeline& timeline) {
  TimelineRow row{.label = "hosts get ready"};
  double begin = 0;
  Bar bar{.kind = BarKind::work};
  const auto close = [&] {
    if (!bar.words.empty()) row.bars.push_back(bar);
    bar = {.kind = BarKind::work};
  };
  for (const RecordedEvent& event : record.events) {
    if (event.event == "restart") {
      close();
      begin = event.seconds;
    }
    if (event.event != "host_state") continue;
    if (event.seconds >= bar.end || bar.words.empty()) {
      bar.begin = begin;
      bar.end = event.seconds;
      bar.words = fmt::format("the last was {}, {:.1f} s", event.host, event.seconds);
    }
    for (const auto& [name, value] : event.values)
      if (name == "state" && value == "failed") bar.kind = BarKind::bad;
  }
  close();
  if (!row.bars.empty()) timeline.rows.push_back(std::move(row));
}

std::string mark_words(const RecordedEvent& event) {
  if (event.event == "restart") return "restart";  // why, stands with the tries before
  for (const auto& [name, value] : event.values) {
    if (event.event == "device" && name == "text") return event.host + ": " + value;
    if (event.event == "hang" && name == "sentence") return "hang: " + value;
  }
  std::string words = event.event;
  if (event.rank) words += fmt::format(" of rank {}", *event.rank);
  if (!event.host.empty()) words += " on " + event.host;
  for (const auto& [name, value] : event.values)
    if (name != "message") words += fmt::format(", {} {}", name, value);  // it stands above
  return words;
}

// A reader wants to know when these came.
bool is_marked(const RecordedEvent& event) {
  for (const char* name :
       {"first_output", "stop", "restart", "hang", "outcome", "device", "host_check", "signal", "exit"})
    if (event.event == name) return true;
  // Values are curves of their own, and many; here stands what a rank has asked for, or why its silence was none.
  return event.event == "progress" && event.progress.empty();
}

void add_marks(const RunRecord& record, Timeline& timeline) {
  for (const RecordedEvent& event : record.events) {
    if (!is_marked(event) || timeline.marks.size() == most_marks) continue;
    // The ranks' own ends are in their rows; here stand only those that tell something.
    const bool is_end = event.event == "exit" || event.event == "signal";
    const auto is_zero = [](const auto& each) { return each.first == "exit_code" && each.second == "0"; };
    const bool is_first = record.first_failure && event.rank && record.first_failure->rank == event.rank;
    if (is_end && event.rank && (!is_first || std::any_of(event.values.begin(), event.values.end(), is_zero)))
      continue;
    const bool is_bad = is_end || event.event == "hang" || event.event == "device" ||
                        event.event == "restart" || (event.event == "outcome" && record.outcome == "failure");
    timeline.marks.push_back({.at = event.seconds, .words = mark_words(event), .is_bad = is_bad});
  }
}

}  // namespace

std::string end_in_words(const RecordedEnd& end) {
  if (end.signal) return fmt::format("was killed by signal {}", *end.signal);
  if (!end.exit_code) return "its end is not known";
  return *end.exit_code == 0 ? "ended well" : fmt::format("exited with code {}", *end.exit_code);
}

bool failed(const RecordedRank& rank) {
  if (rank.cause == RecordedCause::stopped_by_us) return false;
  return rank.end.signal || !rank.end.exit_code || *rank.end.exit_code != 0;
}

Timeline make_timeline(const RunRecord& record) {
  Timeline timeline;
  for (const RecordedEvent& event : record.events) timeline.end = std::max(timeline.end, event.seconds);
  add_tries(record, timeline);
  add_readiness(record, timeline);
  add_smoke(record, timeline);
  add_hosts(record, timeline);
  add_marks(record, timeline);
  return timeline;
}

}  // namespace smlaunch
