// SPDX-License-Identifier: Apache-2.0
#include "launcher/status/open_metrics.hpp"

#include <fmt/format.h>

#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include "base/unicode.hpp"

namespace smlaunch {

namespace {

using Labels = std::vector<std::pair<const char*, std::string>>;

// In quotes; OpenMetrics escapes three characters, and is UTF-8.
std::string quoted(const std::string& value) {
  std::string text = "\"";
  for (const char c : repair_utf8(value)) {
    if (c == '\n') {
      text += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + "\"";
}

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

class Metrics {
 public:
  void family(const char* name, const char* type, const char* help, const char* unit = "") {
    text_ += fmt::format("# TYPE {} {}\n", name, type);
    if (unit[0] != '\0') text_ += fmt::format("# UNIT {} {}\n", name, unit);
    text_ += fmt::format("# HELP {} {}\n", name, help);
  }
  void sample(std::string_view name, const Labels& labels, double value) {
    text_ += name;
    for (std::size_t i = 0; i < labels.size(); ++i)
      text_ += fmt::format("{}{}={}", i == 0 ? '{' : ',', labels[i].first, quoted(labels[i].second));
    text_ += fmt::format("{} {}\n", labels.empty() ? "" : "}", number(value));
  }
  void gauge(const char* name, const char* help, double value, const char* unit = "") {
    family(name, "gauge", help, unit);
    sample(name, {}, value);
  }
  std::string take() { return text_ + "# EOF\n"; }

 private:
  std::string text_;
};

void add_values(Metrics& metrics, const JobStatus& status) {
  if (!status.progress) return;
  metrics.family("smlaunch_progress", "gauge", "The values that the last rank to speak has told.");
  for (const auto& [name, value] : status.progress->values)
    metrics.sample("smlaunch_progress", {{"name", name}}, value);
  metrics.gauge("smlaunch_progress_age_seconds", "How long ago a rank has told its progress.",
                status.progress_ago, "seconds");
  if (status.values.empty()) return;
  metrics.family("smlaunch_progress_lowest", "gauge", "The lowest of all ranks' last values.");
  for (const auto& [name, range] : status.values)
    metrics.sample("smlaunch_progress_lowest", {{"name", name}}, range.lowest);
  metrics.family("smlaunch_progress_highest", "gauge", "The highest of all ranks' last values.");
  for (const auto& [name, range] : status.values)
    metrics.sample("smlaunch_progress_highest", {{"name", name}}, range.highest);
}

}  // namespace

std::string render_open_metrics(const JobStatus& status) {
  Metrics metrics;
  metrics.family("smlaunch_job", "info", "The job that runs.");
  metrics.sample("smlaunch_job_info",
                 {{"job", status.id},
                  {"name", status.name},
                  {"host", status.host},
                  {"launcher", status.launcher},
                  {"plan", status.plan_hash},
                  {"version", status.version}},
                 1);
  metrics.family("smlaunch_state", "stateset", "What the job is doing.");
  for (const JobStage stage : all_job_stages)
    metrics.sample("smlaunch_state", {{"smlaunch_state", to_string(stage)}}, stage == status.stage ? 1 : 0);
  metrics.gauge("smlaunch_run_seconds", "Since the start of the run.", status.seconds, "seconds");
  metrics.gauge("smlaunch_hosts", "The hosts that run ranks.", status.hosts);
  metrics.gauge("smlaunch_hosts_ready", "How many of them are ready.", status.hosts_ready);
  metrics.family("smlaunch_ranks", "gauge", "Ranks by their state.");
  for (const RankStage stage : all_rank_stages)
    metrics.sample("smlaunch_ranks", {{"state", to_string(stage)}}, status.count(stage));
  metrics.family("smlaunch_restarts", "counter", "How often the job was tried again.");
  metrics.sample("smlaunch_restarts_total", {}, status.restarts);
  add_values(metrics, status);
  if (status.silence)
    metrics.gauge("smlaunch_silence_seconds", "How long no rank has made progress.", status.silence->seconds,
                  "seconds");
  if (!status.phases.empty()) {
    metrics.family("smlaunch_phase_seconds", "gauge", "How long each phase of this try has taken so far.",
                   "seconds");
    for (const Phase& phase : status.phases)
      metrics.sample("smlaunch_phase_seconds", {{"phase", phase.name}}, phase.seconds);
  }
  if (status.busbw_gbps)
    metrics.gauge("smlaunch_smoke_busbw_bytes_per_second", "Bus bandwidth of the all-reduce test.",
                  *status.busbw_gbps * 1e9, "bytes_per_second");
  if (status.exit_code) metrics.gauge("smlaunch_exit_code", "How the run has ended.", *status.exit_code);
  return metrics.take();
}

}  // namespace smlaunch
