// SPDX-License-Identifier: Apache-2.0
#include "launcher/smoke/render_smoke.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace smlaunch {

namespace {

constexpr std::size_t most_groups_shown = 40;

std::string plural(std::size_t count, std::string_view word) {
  return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s");
}

std::string bytes_words(long bytes) {
  if (bytes >= (1L << 20) && bytes % (1L << 20) == 0) return fmt::format("{} MiB", bytes >> 20);
  return fmt::format("{} bytes", bytes);
}

std::string head_of(const SmokeReport& report) {
  std::string text = fmt::format("{} ({})", to_string(report.verdict), report.evidence);
  if (!report.injected.empty()) text += fmt::format(" WITH A FAULT INJECTED: {}", report.injected);
  return text;
}

void add_row(std::string& out, std::string_view name, const std::string& text) {
  if (!text.empty()) fmt::format_to(std::back_inserter(out), "{:<12} {}\n", name, text);
}

std::string time_words(const SmokeReport& report) {
  if (!report.p50_seconds) return "";
  std::string text = fmt::format("p50 {:.2f} ms, max {:.2f} ms; algbw {:.3g} GB/s, busbw {:.3g} GB/s",
                                 *report.p50_seconds * 1000, *report.max_seconds * 1000, *report.algbw_gbps,
                                 *report.busbw_gbps);
  if (report.expected)
    return text +
           fmt::format(" of {:.1f} expected ({})", report.expected->busbw_gbps, report.expected->source);
  return text +
         (report.backend == cpu_backend ? "; speed is not judged on the CPU" : "; speed is not judged");
}

std::string stage_words(const SmokeReport& report) {
  std::string text;
  for (const StageSummary& stage : report.stages) {
    if (!text.empty()) text += ", ";
    text += to_string(stage.stage);
    if (!stage.missing_ranks.empty())
      text +=
          fmt::format(" ({} of {}, without {})", report.ranks - static_cast<int>(stage.missing_ranks.size()),
                      report.ranks, to_string(IdSet(stage.missing_ranks)));
    else if (stage.seconds)
      text += fmt::format(" {:.2f} s", *stage.seconds);
  }
  return text;
}

std::string escape_xml(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

// A colour between pale and dark blue.
std::string color_of(double share) {
  const double x = std::clamp(share, 0.0, 1.0);
  return fmt::format("#{:02x}{:02x}{:02x}", static_cast<int>(226 - 195 * x), static_cast<int>(236 - 157 * x),
                     static_cast<int>(247 - 91 * x));
}

}  // namespace

std::string render_smoke_sentence(const SmokeReport& report) {
  std::string text = fmt::format("smoke test: {}, {} on {}, {}", head_of(report),
                                 plural(static_cast<std::size_t>(report.ranks), "rank"),
                                 plural(report.hosts.size(), "host"), bytes_words(report.bytes));
  if (report.busbw_gbps && report.ranks > 1) text += fmt::format(", busbw {:.3g} GB/s", *report.busbw_gbps);
  text += fmt::format(", {:.1f} s", report.seconds);
  if (report.verdict != SmokeVerdict::pass) text += ": " + report.reason;
  return text;
}

std::string render_smoke(const SmokeReport& report) {
  std::string out;
  add_row(out, "smoke test", head_of(report));
  add_row(out, "ranks",
          fmt::format("{} on {}, {} each", report.ranks, plural(report.hosts.size(), "host"),
                      bytes_words(report.bytes)));
  add_row(out, "time", time_words(report));
  if (report.library)
    add_row(
        out, "library",
        fmt::format(
            "{} {}{}", report.library->version, report.library->path,
            report.library->build_id.empty() ? "" : fmt::format(" (build {})", report.library->build_id)));
  add_row(out, "stages", stage_words(report));
  add_row(out, "reason", report.reason);
  for (const std::string& warning : report.warnings) add_row(out, "warning", warning);
  if (!report.suspects.empty()) {
    out += "\n";
    std::size_t width = 4;
    for (const Suspect& suspect : report.suspects) width = std::max(width, suspect.name.size());
    fmt::format_to(std::back_inserter(out), "{:<8} {:<{}} {:<10} {}\n", "suspect", "name", width,
                   "confidence", "evidence");
    for (const Suspect& suspect : report.suspects)
      fmt::format_to(std::back_inserter(out), "{:<8} {:<{}} {:<10} {}\n", to_string(suspect.subject),
                     suspect.name, width, to_string(suspect.confidence), suspect.evidence);
  }
  if (!report.pairs.empty()) {
    out += "\n";
    for (std::size_t i = 0; i < report.pairs.size() && i < most_groups_shown; ++i) {
      const GroupResult& pair = report.pairs[i];
      fmt::format_to(std::back_inserter(out), "pair         {} {}: {}\n",
                     report.hosts[NodeRank{pair.units[0].value}], report.hosts[NodeRank{pair.units[1].value}],
                     !pair.passed()    ? describe_trouble(pair)
                     : pair.busbw_gbps ? fmt::format("{:.3g} GB/s", *pair.busbw_gbps)
                                       : "fine");
    }
    if (report.pairs.size() > most_groups_shown)
      fmt::format_to(std::back_inserter(out), "pairs        {} more are in the JSON\n",
                     report.pairs.size() - most_groups_shown);
  }
  return out;
}

std::string render_hostfile(const std::vector<std::string>& hosts, const SmokeReport& report,
                            const Indexed<NodeRank, int>& slots) {
  std::string out;
  for (const std::string& host : hosts) {
    const auto at = std::find(report.hosts.begin(), report.hosts.end(), host) - report.hosts.begin();
    out += fmt::format("{} slots={}\n", host, slots[NodeRank{static_cast<int>(at)}]);
  }
  return out;
}

std::string render_matrix_svg(const SmokeReport& report) {
  constexpr int margin = 20;
  constexpr int title = 60;
  const auto hosts = static_cast<int>(report.hosts.size());
  const int cell = std::clamp(900 / std::max(1, hosts), 6, 64);
  std::size_t longest = 0;
  for (const std::string& host : report.hosts) longest = std::max(longest, host.size());
  const int names = static_cast<int>(longest) * 8 + 10;
  const int left = margin + names;
  const int top = margin + title + names;
  const int width = std::max(left + hosts * cell + margin, 620);
  const int height = top + hosts * cell + margin + 30;
  double best = 0;
  for (const GroupResult& pair : report.pairs) best = std::max(best, pair.busbw_gbps.value_or(0));
  std::string out;
  const auto add = [&](const std::string& line) { out += line + "\n"; };
  add(fmt::format(R"(<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1}" viewBox="0 0 {0} {1}" )"
                  R"(font-family="sans-serif" font-size="13">)",
                  width, height));
  add(fmt::format(R"(<rect width="{}" height="{}" fill="#ffffff"/>)", width, height));
  add(fmt::format(R"(<text x="{}" y="{}" font-size="17">all-reduce of each two hosts, busbw in GB/s</text>)",
                  margin, margin + 14));
  add(fmt::format(
      R"(<text x="{}" y="{}" fill="#555555">{}</text>)", margin, margin + 36,
      escape_xml(fmt::format("{}; {} each; {} pairs of {}", head_of(report), bytes_words(report.bytes),
                             report.pairs.size(), hosts * (hosts - 1) / 2))));
  const bool has_words = cell >= 12;
  for (int i = 0; has_words && i < hosts; ++i) {
    const std::string name = escape_xml(report.hosts[NodeRank{i}]);
    const int middle = i * cell + cell / 2;
    add(fmt::format(R"(<text x="{}" y="{}" text-anchor="end">{}</text>)", left - 6, top + middle + 4, name));
    add(fmt::format(R"svg(<text transform="translate({} {}) rotate(-90)">{}</text>)svg", left + middle + 4,
                    top - 6, name));
  }
  for (int i = 0; i < hosts; ++i)
    add(fmt::format(R"(<rect x="{}" y="{}" width="{}" height="{}" fill="#f0f0f0"/>)", left + i * cell,
                    top + i * cell, cell, cell));
  for (const GroupResult& pair : report.pairs) {
    const std::string& a = report.hosts[NodeRank{pair.units[0].value}];
    const std::string& b = report.hosts[NodeRank{pair.units[1].value}];
    const double share = best <= 0 ? 0.0 : pair.busbw_gbps.value_or(0) / best;
    const std::string fill = pair.passed() ? color_of(share) : "#c0392b";
    const std::string words = !pair.passed()    ? "fails"
                              : pair.busbw_gbps ? fmt::format("{:.3g}", *pair.busbw_gbps)
                                                : "";
    for (const auto& [x, y] : {std::pair(pair.units[0].value, pair.units[1].value),
                               std::pair(pair.units[1].value, pair.units[0].value)}) {
      add(fmt::format(R"(<rect x="{}" y="{}" width="{}" height="{}" fill="{}"><title>{}</title></rect>)",
                      left + x * cell, top + y * cell, cell - 1, cell - 1, fill,
                      escape_xml(fmt::format("{} {}: {}", a, b,
                                             pair.passed() ? words + " GB/s" : describe_trouble(pair)))));
      if (cell >= 36)
        add(fmt::format(R"(<text x="{}" y="{}" text-anchor="middle" fill="{}">{}</text>)",
                        left + x * cell + cell / 2, top + y * cell + cell / 2 + 4,
                        !pair.passed() || share > 0.5 ? "#ffffff" : "#222222", words));
    }
  }
  add("</svg>");
  return out;
}

}  // namespace smlaunch
