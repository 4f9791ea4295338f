// SPDX-License-Identifier: Apache-2.0
#include "launcher/report/render_hang.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/svg_text.hpp"
#include "launcher/report/rank_ranges.hpp"

namespace smlaunch {

namespace {

constexpr std::size_t most_rows = 64;

std::string ranks_in_words(std::vector<int> ranks) {
  std::sort(ranks.begin(), ranks.end());
  return fmt::format("rank{} {}", ranks.size() == 1 ? "" : "s", rank_ranges(ranks));
}

// Ranks at one place, in the order of their lowest.
struct LooksAtPlace {
  const RecordedLook* first = nullptr;  // it stands for all
  std::vector<int> ranks = {};
};

// What few ranks do explains what many wait for: it comes first.
std::vector<LooksAtPlace> by_place(const std::vector<RecordedLook>& looks) {
  std::vector<LooksAtPlace> places;
  std::map<std::string, std::size_t> at;
  for (const RecordedLook& look : looks) {
    const auto [found, is_new] = at.emplace(look.place, places.size());
    if (is_new) places.push_back({.first = &look});
    places[found->second].ranks.push_back(look.rank);
  }
  std::stable_sort(places.begin(), places.end(), [](const LooksAtPlace& a, const LooksAtPlace& b) {
    return a.ranks.size() < b.ranks.size();
  });
  return places;
}

std::string row_of(const LooksAtPlace& each) {
  const RecordedLook& first = *each.first;
  const bool is_one = each.ranks.size() == 1;
  std::string out = fmt::format("<tr><td>{}{}</td><td>{}", ranks_in_words(each.ranks),
                                is_one ? " on " + xml_text(first.host) : "", xml_text(first.place));
  if (!first.processes.empty()) {
    out += fmt::format("<details><summary>stacks{}</summary><pre>",
                       is_one ? "" : fmt::format(" of rank {}", first.rank));
    for (const std::string& process : first.processes) out += xml_text(process) + "\n";
    out += "</pre></details>";
  }
  return out + "</td></tr>\n";
}

}  // namespace

std::string render_waits_html(const RunRecord& record) {
  if (record.waiting.empty() && record.missing.empty() && record.nccl.empty()) return "";
  std::string out = "<h2>Who waited for whom</h2>\n<table>\n";
  for (std::size_t i = 0; i < record.waiting.size() && i < most_rows; ++i)
    out += fmt::format("<tr><td>waited in {}</td><td>{}</td></tr>\n", xml_text(record.waiting[i].what),
                       ranks_in_words(record.waiting[i].ranks));
  for (std::size_t i = 0; i < record.missing.size() && i < most_rows; ++i)
    out += fmt::format("<tr><td>missing: rank {} on {}</td><td>{}</td></tr>\n", record.missing[i].rank,
                       xml_text(record.missing[i].host), xml_text(record.missing[i].where));
  for (std::size_t i = 0; i < record.nccl.size() && i < most_rows; ++i)
    out += fmt::format("<tr><td>NCCL</td><td>{}</td></tr>\n", xml_text(record.nccl[i]));
  return out + "</table>\n";
}

std::string render_looks_html(const std::vector<RecordedLook>& looks) {
  if (looks.empty()) return "";
  std::string out = "<h2>What the ranks were doing</h2>\n<table>\n";
  const std::vector<LooksAtPlace> places = by_place(looks);
  for (std::size_t i = 0; i < places.size() && i < most_rows; ++i) out += row_of(places[i]);
  if (places.size() > most_rows)
    out += fmt::format("<tr><td colspan=2>… at {} more places</td></tr>\n", places.size() - most_rows);
  return out + "</table>\n";
}

}  // namespace smlaunch
