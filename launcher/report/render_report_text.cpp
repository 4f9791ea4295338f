// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/shown_text.hpp"
#include "launcher/report/rank_ranges.hpp"
#include "launcher/report/render_report.hpp"
#include "launcher/report/timeline.hpp"

namespace smlaunch {

namespace {

constexpr std::size_t most_line = 4096;
constexpr std::size_t most_rows = 20;

std::string shown(const std::string& text) { return shown_text(text, most_line); }

void add_ends(const RunRecord& record, std::string& out) {
  std::map<std::pair<bool, std::string>, std::vector<int>> by_end;
  for (const RecordedRank& rank : record.ranks) {
    std::string words = end_in_words(rank.end);
    if (rank.cause == RecordedCause::stopped_by_us) words += " (smlaunch stopped it)";
    if (rank.cause == RecordedCause::collateral) words += " (because of the first failure)";
    by_end[{!failed(rank), std::move(words)}].push_back(rank.rank);
  }
  if (by_end.empty()) return;
  out += "\nranks\n";
  for (const auto& [end, ranks] : by_end) out += fmt::format("  {:<44} {}\n", end.second, rank_ranges(ranks));
}

void add_failure_line(const RecordedFailure& first, std::string& out) {
  const std::string who = first.rank ? fmt::format("rank {} on {}", *first.rank, first.host) : first.host;
  out += fmt::format("\nfirst failure\n  {} {}{}\n", shown(who), end_in_words(first.end),
                     first.certain ? "" : "; others may have been first");
  for (const std::string& line : first.last_lines) out += fmt::format("    {}\n", shown(line));
}

void add_waits(const RunRecord& record, std::string& out) {
  if (record.waiting.empty() && record.missing.empty() && record.nccl.empty()) return;
  out += "\nwho waited for whom\n";
  for (std::size_t i = 0; i < record.waiting.size() && i < most_rows; ++i)
    out += fmt::format("  in {}: ranks {}\n", shown(record.waiting[i].what),
                       rank_ranges(record.waiting[i].ranks));
  for (std::size_t i = 0; i < record.missing.size() && i < most_rows; ++i)
    out += fmt::format("  missing: rank {} on {}: {}\n", record.missing[i].rank,
                       shown(record.missing[i].host), shown(record.missing[i].where));
  for (std::size_t i = 0; i < record.nccl.size() && i < most_rows; ++i)
    out += fmt::format("  NCCL: {}\n", shown(record.nccl[i]));
}

}  // namespace

std::string render_report_text(const RunRecord& record) {
  std::string out = fmt::format("{}{}, exit code {}\n", shown(record.outcome),
                                record.failure_class.empty() ? "" : " (" + shown(record.failure_class) + ")",
                                record.exit_code);
  if (!record.message.empty()) out += shown(record.message) + "\n";
  if (record.first_failure) add_failure_line(*record.first_failure, out);
  add_waits(record, out);
  if (!record.hang.empty()) out += "\nwhat the ranks were doing\n";
  for (std::size_t i = 0; i < record.hang.size() && i < most_rows; ++i)
    out += fmt::format("  rank {} on {}: {}\n", record.hang[i].rank, shown(record.hang[i].host),
                       shown(record.hang[i].place));
  if (record.hang.size() > most_rows) out += fmt::format("  … {} more\n", record.hang.size() - most_rows);
  for (std::size_t i = 0; i < record.earlier.size(); ++i)
    out += fmt::format("{}  try {}: {}\n", i == 0 ? "\ntries before\n" : "", i + 1, shown(record.earlier[i]));
  if (record.smoke) {
    out += fmt::format("\nall-reduce test\n  {} ({}): {}\n", shown(record.smoke->verdict),
                       shown(record.smoke->evidence), shown(record.smoke->reason));
    for (const std::string& suspect : record.smoke->suspects) out += fmt::format("  {}\n", shown(suspect));
  }
  if (!record.phases.empty()) out += "\nphases\n";
  for (const RecordedPhase& phase : record.phases)
    out += fmt::format("  {:<24} {:8.1f} s{}\n", shown(phase.name), phase.seconds,
                       phase.slowest_host.empty() ? "" : fmt::format("  {} last", shown(phase.slowest_host)));
  const Timeline timeline = make_timeline(record);
  if (!timeline.rows.empty()) out += "\nwhen\n";
  for (const TimelineRow& row : timeline.rows)
    out += fmt::format("  {:<24} {:8.1f} s to {:.1f} s\n", shown(row.label), row.bars.front().begin,
                       row.bars.back().end);
  for (const Mark& mark : timeline.marks) out += fmt::format("  {:8.1f} s  {}\n", mark.at, shown(mark.words));
  add_ends(record, out);
  if (!record.plan_hash.empty()) out += fmt::format("\nplan {}\n", shown(record.plan_hash));
  return out;
}

}  // namespace smlaunch
