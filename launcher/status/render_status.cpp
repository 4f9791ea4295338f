// SPDX-License-Identifier: Apache-2.0
#include "launcher/status/render_status.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/shown_text.hpp"
#include "launcher/inspect/short_waits.hpp"

namespace smlaunch {

namespace {

constexpr std::size_t most_line = 2000;
constexpr int small_job = 64;
constexpr std::size_t most_odd = 32;
// A shorter silence is usual between two lines.
constexpr double noted_silence = 10;

std::string in_hours(double seconds) {
  const long all = static_cast<long>(std::max(0.0, seconds));
  return fmt::format("{}:{:02}:{:02}", all / 3600, all / 60 % 60, all % 60);
}

std::string counted(int number, const char* what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

std::string hosts_in_words(const JobStatus& status) {
  if (status.hosts_ready < status.hosts)
    return fmt::format("{} of {} ready", status.hosts_ready, counted(status.hosts, "host"));
  return counted(status.hosts, "host");
}

std::string smoke_in_words(const JobStatus& status) {
  if (status.smoke.empty()) return "";
  return status.busbw_gbps ? fmt::format("{}, {:.3g} GB/s", status.smoke, *status.busbw_gbps) : status.smoke;
}

// "15 running, 1 failed"
std::string ranks_in_words(const JobStatus& status) {
  std::string text;
  for (const RankStage stage : {RankStage::running, RankStage::joined, RankStage::waiting, RankStage::ended,
                                RankStage::stopped, RankStage::failed, RankStage::lost})
    if (const int number = status.count(stage); number > 0)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", number, to_string(stage));
  return text;
}

std::string silence_in_words(const JobStatus& status) {
  if (!status.silence || status.silence->seconds < noted_silence) return "";
  return fmt::format("silent for {:.0f} s", status.silence->seconds);
}

std::string stage_in_words(const JobStatus& status) {
  if (!status.leader.empty() && status.stage == JobStage::ready) return "waiting for " + status.leader;
  switch (status.stage) {
    case JobStage::code: return "preparing the code";
    case JobStage::ready: return "waiting for the hosts";
    case JobStage::smoke: return "smoke test";
    case JobStage::start: return "starting";
    case JobStage::run: return "running";
    case JobStage::stop: return "stopping";
    case JobStage::end: return "ended";
  }
  return "";
}

// A part of the live line. If the line is too long, the part with the highest number goes first.
struct Part {
  std::string text;
  int dispensable = 0;
};

std::string joined(const std::vector<Part>& parts) {
  std::string text;
  for (const Part& part : parts)
    if (!part.text.empty()) text += (text.empty() ? "" : " | ") + part.text;
  return text;
}

// No character of several bytes is cut in two.
std::string cut(std::string text, std::size_t width) {
  if (text.size() <= width) return text;
  while (width > 0 && (static_cast<unsigned char>(text[width]) & 0xC0U) == 0x80U) --width;
  text.resize(width);
  return text;
}

std::string shown_line(const std::string& name, const std::string& value) {
  return value.empty() ? "" : fmt::format("{:<12}{}\n", name, shown_text(value, most_line));
}

std::string progress_in_words(const JobStatus& status) {
  if (!status.progress) return "";
  const std::string who =
      status.progress->rank ? fmt::format("rank {}", status.progress->rank->value) : "a rank";
  return fmt::format("{} of {} on {}, {:.0f} s ago", in_words(status.progress->values), who,
                     status.progress->host, status.progress_ago);
}

std::string end_in_words(const RankStatus& rank) {
  return rank.end && !succeeded(*rank.end) ? " (" + to_string(*rank.end) + ")" : "";
}

std::string render_ranks(const JobStatus& status) {
  if (status.ranks.empty()) return "";
  const auto most = std::max_element(status.counts.begin(), status.counts.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  const bool is_small = status.world_size() <= small_job;
  std::string text;
  std::size_t shown = 0;
  std::size_t left_out = 0;
  for (const Rank each : status.ranks.indices()) {
    const RankStatus& rank = status.ranks[each];
    if (!is_small && rank.stage == most->first) continue;
    if (!is_small && shown == most_odd) {
      ++left_out;
      continue;
    }
    ++shown;
    const std::string line = fmt::format("{:>6}  {:<16} {:<8} {:>8}  {}{}", each.value, rank.host,
                                         to_string(rank.stage), rank.pid > 0 ? std::to_string(rank.pid) : "-",
                                         in_words(rank.progress), end_in_words(rank));
    text += shown_text(line.substr(0, line.find_last_not_of(' ') + 1), most_line) + "\n";
  }
  if (left_out > 0) text += fmt::format("        and {} more\n", left_out);
  if (text.empty()) return "";
  return fmt::format("\n{:>6}  {:<16} {:<8} {:>8}  progress\n", "rank", "host", "state", "pid") + text;
}

// One for each host.
std::string render_starters(const JobStatus& status) {
  if (status.starters.empty()) return "";
  std::string text = fmt::format("\n{:>6}  {:<16} {:<8} {:>8}  {}\n", "from", "host", "state", "pid",
                                 shown_text(status.launcher, most_line));
  std::size_t shown = 0;
  for (const StarterStatus& each : status.starters) {
    if (++shown > most_odd) continue;
    const RankStatus& process = each.status;
    const std::string line = fmt::format(
        "{:>6}  {:<16} {:<8} {:>8} {}", each.first_rank.value, process.host, to_string(process.stage),
        process.pid > 0 ? std::to_string(process.pid) : "-", end_in_words(process));
    text += shown_text(line.substr(0, line.find_last_not_of(' ') + 1), most_line) + "\n";
  }
  if (shown > most_odd) text += fmt::format("        and {} more\n", shown - most_odd);
  return text;
}

std::string render_stacks(const JobStatus& status) {
  if (!status.looks) return "";
  std::string text = "\n";
  for (const std::string& line : render_looks(*status.looks)) text += shown_text(line, most_line) + "\n";
  for (const ShortWaits& each : find_short_waits(*status.looks))
    text += shown_text(
                fmt::format("hint: slow rank: rank {} on {} {}", each.rank.value, each.host, describe(each)),
                most_line) +
            "\n";
  return text;
}

}  // namespace

std::string render_live_line(const JobStatus& status, std::size_t width) {
  const bool is_running = status.stage == JobStage::run;
  const std::string ranks = is_running && status.count(RankStage::running) == status.world_size()
                                ? counted(status.world_size(), "rank") + " running"
                                : ranks_in_words(status);
  const bool shows_ranks = status.stage >= JobStage::start;
  std::vector<Part> parts = {
      {is_running ? "" : stage_in_words(status), 0},
      {hosts_in_words(status), 2},
      {smoke_in_words(status), 3},
      {shows_ranks ? ranks : "", 0},
      {status.progress ? in_words(status.progress->values) : "", 0},
      {in_hours(status.seconds), 1},
      {silence_in_words(status), 0},
  };
  for (int number = 3; number > 0 && joined(parts).size() > width; --number)
    for (Part& part : parts)
      if (part.dispensable == number) part.text.clear();
  return shown_text(cut(joined(parts), width), most_line);
}

std::string render_status(const JobStatus& status) {
  std::string text = fmt::format("job {} on {} (pid {}): {} for {}\n", status.id, status.host, status.pid,
                                 stage_in_words(status), in_hours(status.seconds));
  text = shown_text(text, most_line);
  text += shown_line("name", status.name);
  text += shown_line("folder", status.folder);
  text += shown_line("started in", status.working_directory);
  if (!status.plan_hash.empty())
    text += shown_line("plan", fmt::format("{}: {} on {}, launcher {}", status.plan_hash,
                                           counted(status.world_size(), "rank"),
                                           counted(status.hosts, "host"), status.launcher));
  if (!status.leader.empty())
    text += shown_line("leader", fmt::format("{}: `smlaunch status` there knows the ranks", status.leader));
  else
    text += shown_line("hosts", fmt::format("{} of {} ready", status.hosts_ready, status.hosts));
  text += shown_line("smoke", smoke_in_words(status));
  text += shown_line("ranks", ranks_in_words(status));
  text += shown_line("progress", progress_in_words(status));
  if (status.silence) text += shown_line("silent", fmt::format("for {:.0f} s", status.silence->seconds));
  if (status.restarts > 0) text += shown_line("restarts", std::to_string(status.restarts));
  return text + render_ranks(status) + render_starters(status) + render_stacks(status);
}

std::string render_status_head() {
  return fmt::format("{:<10} {:>8}  {:<22} {:>9}  {}\n", "job", "pid", "state", "time", "ranks, folder");
}

std::string render_status_row(const JobStatus& status) {
  return shown_text(fmt::format("{:<10} {:>8}  {:<22} {:>9}  {}; {}", status.id, status.pid,
                                stage_in_words(status), in_hours(status.seconds),
                                status.leader.empty() ? ranks_in_words(status) : status.leader + " leads",
                                status.folder.empty() ? status.working_directory : status.folder),
                    most_line) +
         "\n";
}

std::string render_in_form(const JobStatus& status, StatusForm form) {
  switch (form) {
    case StatusForm::row: return render_status_row(status);
    case StatusForm::text: return render_status(status);
    case StatusForm::json: return render_status_json(status);
  }
  return "";
}

}  // namespace smlaunch
