// SPDX-License-Identifier: Apache-2.0
// The room launcher/output: where the lines of ranks go: our stdout and stderr, the files of --log-dir. It
// promises whole lines, each with its rank, and keeps the order of each rank. A reader that stops reading
// stops no loop. The room touches these descriptors and files, from a thread of its own.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "launcher/output/line_output.hpp"
#include "launcher/output/output_writer.hpp"
#include "launcher/output/rank_lines.hpp"
#include "launcher/plan/plan.hpp"

namespace smlaunch {

struct OutputSettings {
  LogFormat format = LogFormat::text;
  std::optional<IdSet> only_ranks;      // the ranks whose lines are shown; nothing: all
  std::shared_ptr<LogFiles> log_files;  // of --log-dir; null: there is none
  int restart_count = 0;
  bool shows_live_line = false;  // stderr is a terminal
  bool colors_stdout = false;    // the prefixes of lines
  bool colors_stderr = false;
};

class RankOutput final : public LineOutput {
 public:
  // `drained`: as OutputWriter has it.
  RankOutput(const LaunchPlan& plan, OutputSettings settings, std::function<void()> drained);

  // True if this rank's lines are shown or logged.
  [[nodiscard]] bool is_wanted(Rank rank) const override;
  // `seconds`: when the lines were read, since the start of the run.
  void print(Rank rank, bool is_stderr, double seconds, std::string_view lines) override;
  void print_of_starter(Rank starter, Rank rank, bool is_stderr, double seconds,
                        std::string_view lines) override;
  // Text that belongs to no rank, for stderr.
  void print_plain(std::string text) override { writer_.write(2, std::move(text)); }
  void say(const std::string& sentence) override;
  void show_live(const std::string& line) override;
  [[nodiscard]] std::size_t live_width() const override;
  [[nodiscard]] bool is_long() override { return writer_.is_long(); }

 private:
  [[nodiscard]] bool is_shown(Rank rank) const;
  void print_lines(Rank place, std::optional<Rank> rank, bool is_stderr, double seconds,
                   std::string_view lines);

  const LaunchPlan& plan_;
  LogFormat format_;
  std::optional<IdSet> only_ranks_;
  bool is_logged_;
  int restart_count_;
  bool shows_live_line_;
  bool colors_stdout_;
  bool colors_stderr_;
  OutputWriter writer_;
};

}  // namespace smlaunch
