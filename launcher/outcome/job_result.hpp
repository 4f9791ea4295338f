// SPDX-License-Identifier: Apache-2.0
// The result of a run, for people and programs: SageMaker's files, the report, the last sentences.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "launcher/contract/paths.hpp"
#include "launcher/options/options.hpp"
#include "launcher/outcome/report_json.hpp"

namespace smlaunch {

// Every problem on stderr, as a warning.
void warn(const Error& error);

// The file of the events or of the report: the file that was asked for, else one under BASE, if there is a
// BASE.
std::optional<std::filesystem::path> output_file(const std::optional<std::string>& option, const Paths& paths,
                                                 const std::string& name);

// Files of an earlier run in the same folders say nothing about this run.
void remove_old_result_files(const Paths& paths);

// BASE/output/success or failure, where BASE is there; neither for a job that was stopped.
void write_result_files(const Outcome& outcome, const Paths& paths);

void write_report(const Options& options, const Paths& paths, const Report& report);

// The last lines of the rank that failed first.
void print_last_lines(const FirstFailure& first);

// The summary on stderr; its last line says what failed first, and where.
void print_outcome(const Options& options, const Report& report);

// For a job of which nothing was started: its files, its report, its last sentences. Returns the exit code.
int report_unstarted(const Options& options, const Paths& paths, const Outcome& outcome);

// For a run that could not begin: a report and a failure file, if there is a BASE, and sentences on stderr
// that say that it has failed, and why. Returns the exit code.
int report_failed_start(const Options& options, const Paths& paths, const Error& error);

}  // namespace smlaunch
