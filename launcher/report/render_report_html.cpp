// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/svg_text.hpp"
#include "launcher/report/render_hang.hpp"
#include "launcher/report/render_pairs.hpp"
#include "launcher/report/render_progress.hpp"
#include "launcher/report/render_rank_map.hpp"
#include "launcher/report/render_report.hpp"
#include "launcher/report/timeline.hpp"

namespace smlaunch {

namespace {

constexpr std::size_t most_events = 500;

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
svg{width:100%;height:auto}svg text{fill:var(--fg);font:12px system-ui,Helvetica,Arial,sans-serif}svg .dim{fill:var(--dim)}
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

// 0.1, 0.2, 0.5, 1, 2, … seconds, so that at most ten lines stand on the scale.
double step_of_scale(double end) {
  double step = 0.1;
  for (std::size_t i = 0; end / step > 10; ++i) step *= std::array{2.0, 2.5, 2.0}.at(i % 3);
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
  out += render_waits_html(record);
  out += render_looks_html(record.hang);
  add_timeline(make_timeline(record), out);
  out += render_progress_html(record);
  out += render_rank_map_html(record);
  if (record.smoke) add_smoke(*record.smoke, out);
  add_phases(record.phases, out);
  add_events(record, out);
  if (record.unread_lines > 0)
    out += fmt::format("<p class=dim>{} lines of the events could not be read.</p>\n", record.unread_lines);
  if (!record.plan_hash.empty()) out += fmt::format("<p class=dim>plan {}</p>\n", xml_text(record.plan_hash));
  return out + "</body></html>\n";
}

}  // namespace smlaunch
