// SPDX-License-Identifier: Apache-2.0
#include "launcher/report/timeline.hpp"

#include <fmt/format.h>

#include <algorithm>
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

void add_hosts(const RunRecord& record, Timeline& timeline) {
  std::vector<HostSpan> spans = spans_of_hosts(record, timeline.end);
  // Where they do not all fit: those that failed, then those that ended first.
  std::vector<std::size_t> order(spans.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  if (spans.size() > most_host_rows)
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return std::tuple(spans[a].kind != BarKind::bad, spans[a].ended) <
             std::tuple(spans[b].kind != BarKind::bad, spans[b].ended);
    });
  const std::size_t shown = spans.size() > most_host_rows ? most_host_rows - 1 : spans.size();
  std::sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(shown));
  for (std::size_t i = 0; i < shown; ++i) {
    const HostSpan& span = spans[order[i]];
    timeline.rows.push_back(
        {.label = span.host,
         .bars = {{.begin = span.began, .end = span.ended, .kind = span.kind, .words = span_words(span)}}});
  }
  if (shown == spans.size()) return;
  HostSpan rest = spans[order[shown]];
  for (std::size_t i = shown; i < order.size(); ++i) {
    const HostSpan& span = spans[order[i]];
    rest.began = std::min(rest.began, span.began);
    rest.ended = std::max(rest.ended, span.ended);
    rest.kind = worse(rest.kind, span.kind);
    if (i > shown) {
      rest.ranks += span.ranks;
      rest.bad_ranks += span.bad_ranks;
    }
  }
  rest.host = fmt::format("{} more hosts", order.size() - shown);
  timeline.rows.push_back(
      {.label = rest.host,
       .bars = {{.begin = rest.began, .end = rest.ended, .kind = rest.kind, .words = span_words(rest)}}});
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

// A host's readiness is known by its change of state.
void add_readiness(const RunRecord& record, Timeline& timeline) {
  double last = 0;
  std::size_t count = 0;
  std::string slowest;
  bool failed = false;
  for (const RecordedEvent& event : record.events) {
    if (event.event != "host_state") continue;
    ++count;
    if (event.seconds >= last) slowest = event.host;
    last = std::max(last, event.seconds);
    for (const auto& [name, value] : event.values) failed = failed || (name == "state" && value == "failed");
  }
  if (count == 0) return;
  timeline.rows.push_back({.label = "hosts get ready",
                           .bars = {{.begin = 0,
                                     .end = last,
                                     .kind = failed ? BarKind::bad : BarKind::work,
                                     .words = fmt::format("the last was {}, {:.1f} s", slowest, last)}}});
}

std::string mark_words(const RecordedEvent& event) {
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

// Of these a reader wants to know when they came.
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
  add_readiness(record, timeline);
  add_smoke(record, timeline);
  add_hosts(record, timeline);
  add_marks(record, timeline);
  return timeline;
}

}  // namespace smlaunch
