// SPDX-License-Identifier: Apache-2.0
#include "launcher/report/render_rank_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/svg_text.hpp"
#include "launcher/report/timeline.hpp"

namespace smlaunch {

namespace {

constexpr std::size_t most_bound_ranks = 256;  // in the table of bindings
constexpr std::size_t most_open_hosts = 128;   // beyond it those whose ranks ended alike are folded

struct HostOnMap {
  std::string name;
  std::vector<const RecordedRank*> ranks;
};

enum class Square { good, bad, collateral, stopped };

Square square_of(const RecordedRank& rank) {
  if (rank.cause == RecordedCause::stopped_by_us) return Square::stopped;
  if (!failed(rank)) return Square::good;
  return rank.cause == RecordedCause::collateral ? Square::collateral : Square::bad;
}

const char* class_of(Square square) {
  switch (square) {
    case Square::good: return "";
    case Square::bad: return " class=b";
    case Square::collateral: return " class=c";
    case Square::stopped: return " class=s";
  }
  return "";
}

const char* words_of(Square square) {
  switch (square) {
    case Square::good: return "ended well";
    case Square::bad: return "failed";
    case Square::collateral: return "failed because of the first";
    case Square::stopped: return "were stopped by smlaunch";
  }
  return "";
}

// Hosts keep the order of their ranks; the ranks of one host may not stand together.
std::vector<HostOnMap> hosts_of(const RunRecord& record) {
  std::vector<HostOnMap> hosts;
  for (const RecordedRank& rank : record.ranks) {
    if (hosts.empty() || hosts.back().name != rank.host) hosts.push_back({rank.host, {}});
    hosts.back().ranks.push_back(&rank);
  }
  return hosts;
}

// Hosts with a failed rank are never folded.
bool is_all(const HostOnMap& host, Square square) {
  return std::all_of(host.ranks.begin(), host.ranks.end(),
                     [&](const RecordedRank* rank) { return square_of(*rank) == square; });
}

void add_host(const HostOnMap& host, std::string& out) {
  out += fmt::format("<div class=host><span>{}</span>", xml_text(host.name));
  for (const RecordedRank* rank : host.ranks)
    out += fmt::format("<i{} title=\"{} {}{}\"></i>", class_of(square_of(*rank)), rank->rank,
                       end_in_words(rank->end), rank->cpus.empty() ? "" : ", cpus " + xml_text(rank->cpus));
  out += "</div>\n";
}

void add_bindings(const RunRecord& record, std::string& out) {
  out +=
      "<details><summary>bindings, as they were read back</summary>\n<table><tr><th>rank</th><th>host</th>"
      "<th>NUMA</th><th>CPUs</th><th>end</th></tr>\n";
  for (const RecordedRank& rank : record.ranks)
    out += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n", rank.rank,
                       xml_text(rank.host), xml_text(rank.numa), xml_text(rank.cpus), end_in_words(rank.end));
  out += "</table></details>\n";
}

}  // namespace

std::string render_rank_map_html(const RunRecord& record) {
  if (record.ranks.empty()) return "";
  std::string out =
      "<h2>Ranks</h2>\n<p class=\"key\"><i style=\"background:var(--good);margin-left:0\"></i>ended well"
      "<i style=\"background:var(--bad)\"></i>failed<i style=\"background:var(--warn)\"></i>failed because "
      "of the first<i style=\"background:var(--stopped)\"></i>stopped by smlaunch</p>\n<div class=\"map\">\n";
  const std::vector<HostOnMap> hosts = hosts_of(record);
  const bool is_folded = hosts.size() > most_open_hosts;
  const auto fold_of = [&](const HostOnMap& host) {
    for (const Square square : {Square::good, Square::stopped, Square::collateral})
      if (is_folded && is_all(host, square)) return square;
    return Square::bad;
  };
  for (const HostOnMap& host : hosts)
    if (fold_of(host) == Square::bad) add_host(host, out);
  out += "</div>\n";
  for (const Square square : {Square::good, Square::stopped, Square::collateral}) {
    std::string folded;
    std::size_t count = 0;
    for (const HostOnMap& host : hosts) {
      if (fold_of(host) != square) continue;
      add_host(host, folded);
      ++count;
    }
    if (count > 0)
      out += fmt::format(
          "<details><summary>{} hosts, whose ranks all {}</summary><div class=\"map\">\n{}</div></details>\n",
          count, words_of(square), folded);
  }
  if (record.ranks.size() <= most_bound_ranks) add_bindings(record, out);
  return out;
}

}  // namespace smlaunch
