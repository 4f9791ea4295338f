// SPDX-License-Identifier: Apache-2.0
// The page of a run, made of its files.
#pragma once

#include <filesystem>

#include "base/error.hpp"
#include "launcher/options/options.hpp"
#include "launcher/outcome/outcome.hpp"
#include "launcher/report/run_record.hpp"

namespace smlaunch {

// A run without events is told of by its report alone, unless they `must_be_there`. Errors: of the files, each with
// its name.
Result<RunRecord> read_run_record(const std::filesystem::path& report, const std::filesystem::path& events,
                                  bool must_be_there);

// --html-report: whether a run that came to this gets its page.
bool wants_page(HtmlReportOption option, OutcomeKind kind);

// REPORT with .html in the place of .json.
std::filesystem::path page_of(const std::filesystem::path& report);

// Writes page_of(report) from the files that lie there. Errors: they cannot be read, it cannot be written.
Result<void> write_report_page(const std::filesystem::path& report, const std::filesystem::path& events);

}  // namespace smlaunch
