// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/job_result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "base/own_words.hpp"
#include "launcher/contract/result_files.hpp"
#include "launcher/outcome/failure_text.hpp"
#include "launcher/outcome/hang_dumps.hpp"
#include "launcher/outcome/job_phases.hpp"
#include "launcher/outcome/report_error.hpp"
#include "launcher/outcome/report_page.hpp"
#include "launcher/process/write_file.hpp"

namespace smlaunch {

namespace {

constexpr const char* reporting_failure = "Reporting training FAILURE";
constexpr const char* dumps_name = "hang";

}  // namespace

void warn(const Error& error) {
  for (const std::string& line : render_problems(error)) say("warning: {}", line);
}

// The file of the events or of the report: the file that was asked for, else one under BASE, if there is a
// BASE.
std::optional<std::filesystem::path> output_file(const std::optional<std::string>& option, const Paths& paths,
                                                 const std::string& name) {
  if (option) return *option;
  std::error_code error;
  if (!std::filesystem::is_directory(paths.base, error)) return {};
  return paths.own / name;
}

// Files of an earlier run in the same folders say nothing about this run.
void remove_old_result_files(const Paths& paths) {
  std::error_code error;
  std::filesystem::remove(paths.success, error);
  std::filesystem::remove(paths.failure, error);
}

void write_result_files(const Outcome& outcome, const Paths& paths) {
  std::error_code error;
  if (!std::filesystem::is_directory(paths.base, error)) return;
  Result<void> written;
  if (outcome.kind == OutcomeKind::success) written = write_success_file(paths);
  if (outcome.kind == OutcomeKind::failure) written = write_failure_file(paths, render_failure(outcome));
  if (!written) warn(written.error());
}

namespace {

// Of an earlier run. What PyTorch itself has written there is this run's.
void remove_old_dumps(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::filesystem::path> old;
  for (std::filesystem::directory_iterator each(folder, error), end; !error && each != end;
       each.increment(error)) {
    const std::string name = each->path().filename().string();
    if (name.starts_with("rank-") || name.starts_with("try-") || name.starts_with("nccl-ras."))
      old.push_back(each->path());
  }
  for (const auto& each : old) std::filesystem::remove_all(each, error);
  std::filesystem::remove(folder, error);  // if it is empty
}

// Beside the report; of a try before the last in a folder of its own.
void write_dumps(const std::filesystem::path& folder, const Report& report) {
  if (auto written = write_hang_dumps(folder, report.outcome.hang); !written) warn(written.error());
  for (std::size_t i = 0; i < report.earlier.size(); ++i)
    if (auto written =
            write_hang_dumps(folder / fmt::format("try-{}", i + 1), report.earlier[i].outcome.hang);
        !written)
      warn(written.error());
}

}  // namespace

void write_report(const Options& options, const Paths& paths, const Report& report) {
  const std::string text = render_report(report);
  const auto events = output_file(options.events, paths, "events.jsonl");
  if (options.trace)
    if (auto written = write_trace(*options.trace, text, events.value_or("")); !written)
      warn(written.error());
  const auto file = output_file(options.report, paths, "report.json");
  if (!file) return;
  if (auto written = write_file(*file, text); !written) {
    for (Problem& problem : written.error().problems) problem.where = "the report " + problem.where;
    return warn(written.error());
  }
  std::error_code error;
  // Where the report is no file of its own (/dev/stdout), nothing can stand beside it.
  const bool is_file = std::filesystem::is_regular_file(*file, error);
  if (!options.report) remove_old_dumps(file->parent_path() / dumps_name);
  if (is_file) write_dumps(file->parent_path() / dumps_name, report);
  if (!wants_page(options.html_report, report.outcome.kind) || !is_file) {
    if (!options.report) std::filesystem::remove(page_of(*file), error);  // an earlier run's
    return;
  }
  if (auto written = write_report_page(*file, events.value_or("")); !written) warn(written.error());
}

void print_last_lines(const FirstFailure& first) {
  constexpr std::size_t most = 20;
  if (!first.end || first.end->last_lines.empty()) return;
  say("the last lines of rank {} on {}:", first.rank.value, first.host);
  for (const std::string& line : choose_last_lines(first.end->last_lines, most)) say("  {}", line);
}

void print_outcome(const Options& options, const Report& report) {
  const Outcome& outcome = report.outcome;
  if (outcome.kind == OutcomeKind::success && options.quiet) return;
  for (const std::string& line : render_looks(outcome.hang)) say("  {}", line);
  for (const std::string& fact : outcome.hang_evidence.nccl) say("  NCCL: {}", fact);
  if (outcome.kind != OutcomeKind::success && outcome.first_failure) print_last_lines(*outcome.first_failure);
  const bool several_hosts = std::adjacent_find(report.hosts.begin(), report.hosts.end(),
                                                std::not_equal_to<>()) != report.hosts.end();
  const std::string phases = render_phases(report.phases, several_hosts);
  if (!options.quiet && !phases.empty())
    say("{}: {}{}", to_string(outcome.kind), phases,
        report.restarts == 0 ? "" : fmt::format("; restarts: {}", report.restarts));
  if (outcome.kind == OutcomeKind::success) {
    say("Reporting training SUCCESS");
    return;
  }
  if (outcome.kind == OutcomeKind::failure) say("{}", reporting_failure);
  // Each of several problems is a line.
  for (std::size_t begin = 0; begin <= outcome.message.size();) {
    const std::size_t end = std::min(outcome.message.find('\n', begin), outcome.message.size());
    say("{}", std::string_view(outcome.message).substr(begin, end - begin));
    begin = end + 1;
  }
}

int report_unstarted(const Options& options, const Paths& paths, const Outcome& outcome) {
  remove_old_result_files(paths);
  Report report;
  report.outcome = outcome;
  write_result_files(outcome, paths);
  write_report(options, paths, report);
  print_outcome(options, report);
  return outcome.exit_code;
}

int report_failed_start(const Options& options, const Paths& paths, const Error& error) {
  remove_old_result_files(paths);
  Report report;
  report.outcome = make_failure(error);
  write_result_files(report.outcome, paths);
  write_report(options, paths, report);
  say("{}", reporting_failure);
  return report_error(error);
}

}  // namespace smlaunch
