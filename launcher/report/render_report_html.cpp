// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/svg_text.hpp"
#include "launcher/report/render_pairs.hpp"
#include "launcher/report/render_progress.hpp"
#include "launcher/report/render_report.hpp"
#include "launcher/report/timeline.hpp"

namespace smlaunch {

namespace {

constexpr std::size_t most_events = 500;
constexpr std::size_t most_looks = 64;
constexpr std::size_t most_bound_ranks = 256;  // in the table of bindings

// Colours are named once, light and dark; no script is needed for them.
constexpr const char* style = R"(
:root{--bg:#fff;--fg:#1c1e21;--dim:#5f6670;--line:#d5d9de;--card:#f6f7f9;--work:#4e79a7;--good:#4c9f50;--bad:#d1383d;--stopped:#a3a9b1;--warn:#c77700}
@media (prefers-color-scheme:dark){:root{--bg:#16181b;--fg:#e7e9ec;--dim:#9aa2ac;--line:#363b42;--card:#1f2226;--work:#6f9bd1;--good:#62b866;--bad:#f0686c;--stopped:#6b727b;--warn:#e9a13b}}
body{background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,Helvetica,Arial,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.25rem;margin:.2rem 0 .6rem}h2{font-size:1.05rem;margin:2rem 0 .6rem}
.sentence{border-left:5px solid var(--stopped);background:var(--card);padding:.8rem 1rem;font-size:1.1rem;overflow-wrap:anywhere}
.failure{border-color:var(--bad)}.success{border-color:var(--good)}
.dim{color:var(--dim)}pre{background:var(--card);border:1px solid var(--line);padding:.7rem;overflow:auto;font-size:13px}
table{border-collapse:collapse;font-size:14px}td,th{border-bottom:1px solid var(--line);padding:.15rem .7rem .15rem 0;text-align:left;vertical-align:top}td:first-child{white-space:nowrap}
svg{width:100%;height:auto}svg text{fill:var(--fg);font:12px system-ui,Helvetica,Arial,sans-serif}
.work{fill:var(--work)}.good{fill:var(--good)}.bad{fill:var(--bad)}.stopped{fill:var(--stopped)}.grid{stroke:var(--line)}.mark{stroke:var(--dim)}.badmark{stroke:var(--bad)}.curve{fill:none;stroke:var(--work);stroke-width:1.5}
.map{display:flex;flex-wrap:wrap;gap:.35rem .9rem}.host{display:flex;align-items:center;gap:2px;font-size:12px}.host span{margin-right:.3rem;color:var(--dim)}
.host i{width:11px;height:11px;border-radius:2px;background:var(--good)}.host i.b{background:var(--bad)}.host i.c{background:var(--warn)}.host i.s{background:var(--stopped)}
.key i{display:inline-block;width:11px;height:11px;border-radius:2px;margin:0 .3rem 0 .9rem}
)";

const char* class_of(BarKind kind) {
  switch (kind) {
    case BarKind::work: return "work";
    case BarKind::good: return "good";
    case BarKind::bad: return "bad";
    case BarKind::stopped: return "stopped";
  }
  return "work";
}

// 0.1, 0.2, 0.5, 1, 2, … seconds, so that about ten lines stand on the scale.
double step_of_scale(double end) {
  double step = 0.1;
  for (const double factor : {2.0, 2.5, 2.0})
    if (end / step > 10) step *= factor;
  while (end / step > 10) step *= 2;
  return step;
}

void add_timeline(const Timeline& timeline, std::string& out) {
  constexpr int label_width = 190;
  constexpr int width = 1000;
  constexpr int row_height = 22;
  if (timeline.rows.empty() && timeline.marks.empty()) return;
  const double end = std::max(timeline.end, 0.1);
  const int bottom = 24 + row_height * static_cast<int>(timeline.rows.size());
  const auto x = [&](double seconds) { return label_width + seconds / end * (width - label_width - 10); };
  out += fmt::format("<h2>When</h2>\n<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"timeline\">\n",
                     width, bottom + 12);
  const double step = step_of_scale(end);
  for (double at = 0; at <= end; at += step)
    out += fmt::format(
        "<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"16\" y2=\"{1}\"/><text x=\"{0:.1f}\" "
        "y=\"11\" "
        "text-anchor=\"middle\">{2:g} s</text>\n",
        x(at), bottom, at);
  int y = 22;
  for (const TimelineRow& row : timeline.rows) {
    out += fmt::format("<text x=\"0\" y=\"{}\">{}</text>", y + 14,
                       xml_text(fitted(row.label, label_width - 8, 12)));
    for (const Bar& bar : row.bars)
      out += fmt::format(
          "<rect class=\"{}\" x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\" "
          "rx=\"2\"><title>{}</title></rect>",
          class_of(bar.kind), x(bar.begin), y + 3, std::max(1.5, x(bar.end) - x(bar.begin) - 0.5),
          row_height - 6, xml_text(bar.words));
    out += "\n";
    y += row_height;
  }
  for (const Mark& mark : timeline.marks)
    out += fmt::format(
        "<line class=\"{}\" stroke-width=\"{}\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"16\" "
        "y2=\"{}\"><title>{:.2f} s: "
        "{}</title></line>\n",
        mark.is_bad ? "badmark" : "mark", mark.is_bad ? 2 : 1, x(mark.at), x(mark.at), bottom, mark.at,
        xml_text(mark.words));
  out += "</svg>\n";
  if (timeline.marks.empty()) return;
  out += "<table>\n";
  for (const Mark& mark : timeline.marks)
    out += fmt::format("<tr><td>{:.2f} s</td><td>{}</td></tr>\n", mark.at, xml_text(mark.words));
  out += "</table>\n";
}

const char* square_of(const RecordedRank& rank) {
  if (rank.cause == RecordedCause::stopped_by_us) return " class=s";
  if (!failed(rank)) return "";
  return rank.cause == RecordedCause::collateral ? " class=c" : " class=b";
}

void add_map(const RunRecord& record, std::string& out) {
  if (record.ranks.empty()) return;
  out +=
      "<h2>Ranks</h2>\n<p class=\"key\"><i style=\"background:var(--good);margin-left:0\"></i>ended well"
      "<i style=\"background:var(--bad)\"></i>failed<i style=\"background:var(--warn)\"></i>failed because "
      "of the "
      "first<i style=\"background:var(--stopped)\"></i>stopped by smlaunch</p>\n<div class=\"map\">\n";
  // Hosts keep the order of their ranks; the ranks of one host may not stand together.
  std::vector<std::pair<std::string, std::vector<const RecordedRank*>>> hosts;
  for (const RecordedRank& rank : record.ranks) {
    if (hosts.empty() || hosts.back().first != rank.host) hosts.push_back({rank.host, {}});
    hosts.back().second.push_back(&rank);
  }
  for (const auto& [host, ranks] : hosts) {
    out += fmt::format("<div class=host><span>{}</span>", xml_text(host));
    for (const RecordedRank* rank : ranks)
      out += fmt::format("<i{} title=\"{} {}{}\"></i>", square_of(*rank), rank->rank, end_in_words(rank->end),
                         rank->cpus.empty() ? "" : ", cpus " + xml_text(rank->cpus));
    out += "</div>\n";
  }
  out += "</div>\n";
  if (record.ranks.size() > most_bound_ranks) return;
  out +=
      "<details><summary>bindings, as they were read back</summary>\n<table><tr><th>rank</th><th>host</th>"
      "<th>NUMA</th><th>CPUs</th><th>end</th></tr>\n";
  for (const RecordedRank& rank : record.ranks)
    out += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n", rank.rank,
                       xml_text(rank.host), xml_text(rank.numa), xml_text(rank.cpus), end_in_words(rank.end));
  out += "</table></details>\n";
}

void add_failure(const RecordedFailure& first, std::string& out) {
  const std::string who = first.rank ? fmt::format("rank {} on {}", *first.rank, first.host) : first.host;
  out += fmt::format("<h2>First failure</h2>\n<p>{} {}{}{}</p>\n", xml_text(who), end_in_words(first.end),
                     first.reason.empty() ? "" : ": " + xml_text(first.reason),
                     first.certain ? "" : ". Others may have been first.");
  if (first.last_lines.empty()) return;
  out += "<pre>";
  for (const std::string& line : first.last_lines) out += xml_text(line) + "\n";
  out += "</pre>\n";
}

void add_hang(const std::vector<RecordedLook>& looks, std::string& out) {
  if (looks.empty()) return;
  out += "<h2>What the ranks were doing</h2>\n<table>\n";
  for (std::size_t i = 0; i < looks.size() && i < most_looks; ++i) {
    const RecordedLook& look = looks[i];
    out += fmt::format("<tr><td>rank {}</td><td>{}</td><td>{}", look.rank, xml_text(look.host),
                       xml_text(look.place));
    if (!look.processes.empty()) out += "<details><summary>stacks</summary><pre>";
    for (const std::string& process : look.processes) out += xml_text(process) + "\n";
    out += look.processes.empty() ? "</td></tr>\n" : "</pre></details></td></tr>\n";
  }
  if (looks.size() > most_looks)
    out += fmt::format("<tr><td colspan=3>… {} more</td></tr>\n", looks.size() - most_looks);
  out += "</table>\n";
}

void add_waits(const RunRecord& record, std::string& out) {
  if (record.waiting.empty() && record.missing.empty() && record.nccl.empty()) return;
  out += "<h2>Who waited for whom</h2>\n<table>\n";
  for (std::size_t i = 0; i < record.waiting.size() && i < most_looks; ++i) {
    const RecordedWait& wait = record.waiting[i];
    std::string ranks;
    for (std::size_t rank = 0; rank < wait.ranks.size() && rank < most_looks; ++rank)
      ranks += fmt::format("{}{}", rank == 0 ? "" : ", ", wait.ranks[rank]);
    if (wait.ranks.size() > most_looks) ranks += fmt::format(", … ({} in all)", wait.ranks.size());
    out += fmt::format("<tr><td>waited in {}</td><td>ranks {}</td></tr>\n", xml_text(wait.what), ranks);
  }
  for (std::size_t i = 0; i < record.missing.size() && i < most_looks; ++i)
    out += fmt::format("<tr><td>missing: rank {} on {}</td><td>{}</td></tr>\n", record.missing[i].rank,
                       xml_text(record.missing[i].host), xml_text(record.missing[i].where));
  for (std::size_t i = 0; i < record.nccl.size() && i < most_looks; ++i)
    out += fmt::format("<tr><td>NCCL</td><td>{}</td></tr>\n", xml_text(record.nccl[i]));
  out += "</table>\n";
}

void add_smoke(const RecordedSmoke& smoke, std::string& out) {
  out += fmt::format("<h2>All-reduce test</h2>\n<p>{} ({}): {}{}</p>\n<table>\n", xml_text(smoke.verdict),
                     xml_text(smoke.evidence), xml_text(smoke.reason),
                     smoke.busbw_gbps > 0 ? fmt::format(", busbw {:.3g} GB/s", smoke.busbw_gbps) : "");
  for (const std::string& suspect : smoke.suspects)
    out += fmt::format("<tr><td>suspect</td><td>{}</td></tr>\n", xml_text(suspect));
  for (const RecordedStage& stage : smoke.stages)
    out += fmt::format("<tr><td>{}</td><td>{:.2f} s{}</td></tr>\n", xml_text(stage.name), stage.seconds,
                       stage.missing_ranks.empty()
                           ? ""
                           : fmt::format(", {} ranks missing, the first {}", stage.missing_ranks.size(),
                                         stage.missing_ranks.front()));
  out += "</table>\n" + render_pairs_html(smoke.pairs);
}

void add_phases(const std::vector<RecordedPhase>& phases, std::string& out) {
  if (phases.empty()) return;
  out += "<h2>Phases</h2>\n<table>\n";
  for (const RecordedPhase& phase : phases)
    out += fmt::format(
        "<tr><td>{}</td><td>{:.2f} s</td><td class=dim>{}</td></tr>\n", xml_text(phase.name), phase.seconds,
        phase.slowest_host.empty()
            ? ""
            : fmt::format("{} last, {:.2f} s", xml_text(phase.slowest_host), phase.slowest_seconds));
  out += "</table>\n";
}

void add_events(const RunRecord& record, std::string& out) {
  if (record.events.empty()) return;
  out += fmt::format("<details><summary>events ({})</summary>\n<table>\n", record.events.size());
  for (std::size_t i = 0; i < record.events.size() && i < most_events; ++i) {
    const RecordedEvent& event = record.events[i];
    std::string values;
    for (const auto& [name, value] : event.values)
      values += fmt::format("{} {} ", xml_text(name), xml_text(value));
    out += fmt::format("<tr><td>{:.3f}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                       event.seconds, xml_text(event.event), event.rank ? std::to_string(*event.rank) : "",
                       xml_text(event.host), values);
  }
  if (record.events.size() > most_events)
    out += fmt::format("<tr><td colspan=5>… {} more, in events.jsonl</td></tr>\n",
                       record.events.size() - most_events);
  out += "</table></details>\n";
}

}  // namespace

std::string render_report_html(const RunRecord& record, const std::string& title) {
  std::string out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta name=\"viewport\" "
      "content=\"width=device-width\">\n<title>{} – smlaunch</title>\n<style>{}</style></head><body>\n",
      xml_text(title), style);
  out += fmt::format(
      "<p class=dim>{}</p>\n<h1>{}{}, exit code {}</h1>\n", xml_text(title), xml_text(record.outcome),
      record.failure_class.empty() ? "" : " (" + xml_text(record.failure_class) + ")", record.exit_code);
  const bool is_known = record.outcome == "failure" || record.outcome == "success";
  out += fmt::format("<p class=\"sentence {}\">{}</p>\n", is_known ? record.outcome : "",
                     record.message.empty() ? "every rank ended with 0" : xml_text(record.message));
  if (!record.earlier.empty()) out += "<h2>Tries before</h2>\n<table>\n";
  for (std::size_t i = 0; i < record.earlier.size(); ++i)
    out += fmt::format("<tr><td>{}</td><td>{}</td></tr>\n", i + 1, xml_text(record.earlier[i]));
  if (!record.earlier.empty()) out += "</table>\n";
  if (record.first_failure) add_failure(*record.first_failure, out);
  add_waits(record, out);
  add_hang(record.hang, out);
  add_timeline(make_timeline(record), out);
  out += render_progress_html(record);
  add_map(record, out);
  if (record.smoke) add_smoke(*record.smoke, out);
  add_phases(record.phases, out);
  add_events(record, out);
  if (record.unread_lines > 0)
    out += fmt::format("<p class=dim>{} lines of the events could not be read.</p>\n", record.unread_lines);
  if (!record.plan_hash.empty()) out += fmt::format("<p class=dim>plan {}</p>\n", xml_text(record.plan_hash));
  return out + "</body></html>\n";
}

}  // namespace smlaunch
