// SPDX-License-Identifier: Apache-2.0
#include "launcher/output/rank_output.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "launcher/output/live_line.hpp"
#include "launcher/plan/starter.hpp"

namespace smlaunch {

namespace {

constexpr std::string_view own_prefix = "smlaunch: ";

}  // namespace

RankOutput::RankOutput(const LaunchPlan& plan, OutputSettings settings, std::function<void()> drained)
    : plan_(plan),
      format_(settings.format),
      only_ranks_(std::move(settings.only_ranks)),
      is_logged_(settings.log_files != nullptr),
      restart_count_(settings.restart_count),
      shows_live_line_(settings.shows_live_line),
      colors_stdout_(settings.colors_stdout),
      colors_stderr_(settings.colors_stderr),
      writer_(std::move(drained), std::move(settings.log_files)) {}

bool RankOutput::is_shown(Rank rank) const {
  return !only_ranks_ || std::binary_search(only_ranks_->begin(), only_ranks_->end(), rank.value);
}

bool RankOutput::is_wanted(Rank rank) const {
  return is_logged_ || has_starter(plan_.launcher) || is_shown(rank);
}

void RankOutput::print(Rank rank, bool is_stderr, double seconds, std::string_view lines) {
  // The lines of torchrun and xla themselves belong to all their ranks.
  const auto own = has_starter(plan_.launcher) ? std::nullopt : std::optional(rank);
  print_lines(rank, own, is_stderr, seconds, lines);
}

void RankOutput::print_of_starter(Rank starter, Rank rank, bool is_stderr, double seconds,
                                  std::string_view lines) {
  print_lines(starter, rank, is_stderr, seconds, lines);
}

void RankOutput::print_lines(Rank place, std::optional<Rank> rank, bool is_stderr, double seconds,
                             std::string_view lines) {
  LineOrigin origin;
  origin.host = plan_.cluster.hosts[plan_.layout.ranks[place].node_rank].name;
  if (rank) origin.rank = rank->value;
  origin.is_stderr = is_stderr;
  origin.seconds = seconds;
  origin.is_colored = is_stderr ? colors_stderr_ : colors_stdout_;
  origin.alone = std::max(plan_.job_world_size, plan_.world_size()) == 1;
  if (is_logged_) writer_.log(log_file_name(origin, restart_count_), std::string(lines));
  if (!rank || is_shown(*rank)) writer_.write(is_stderr ? 2 : 1, render_rank_lines(format_, origin, lines));
}

void RankOutput::say(const std::string& sentence) {
  print_plain(fmt::format("{}{}\n", own_prefix, sentence));
}

void RankOutput::show_live(const std::string& line) {
  writer_.show_live(line.empty() ? "" : fmt::format("{}{}", own_prefix, line));
}

std::size_t RankOutput::live_width() const {
  if (!shows_live_line_) return 0;
  const std::size_t width = probe_live_width(2);
  return width <= own_prefix.size() ? 0 : width - own_prefix.size();
}

}  // namespace smlaunch
