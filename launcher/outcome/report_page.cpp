// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/report_page.hpp"

#include <cstdlib>

#include "base/read_file.hpp"
#include "launcher/process/write_file.hpp"
#include "launcher/report/render_report.hpp"

namespace smlaunch {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t most_bytes = 256UL << 20;

Result<std::string> read_events(const fs::path& events, bool must_be_there) {
  std::error_code error;
  if (!must_be_there && !fs::is_regular_file(events, error)) return std::string();
  return read_given_file(events, most_bytes);
}

}  // namespace

Result<RunRecord> read_run_record(const fs::path& report, const fs::path& events, bool must_be_there) {
  const auto report_text = read_given_file(report, most_bytes);
  if (!report_text) return tl::unexpected(report_text.error());
  const auto events_text = read_events(events, must_be_there);
  if (!events_text) return tl::unexpected(events_text.error());
  return parse_run_record(report.native(), *report_text, *events_text);
}

Result<void> write_trace(const fs::path& trace, const std::string& report, const fs::path& events) {
  const auto events_text = read_events(events, false);
  if (!events_text) return tl::unexpected(events_text.error());
  const auto record = parse_run_record("the report", report, *events_text);
  if (!record) return tl::unexpected(record.error());
  const char* parent = std::getenv("TRACEPARENT");
  return write_file(trace, render_trace(*record, parent == nullptr ? "" : parent));
}

bool wants_page(HtmlReportOption option, OutcomeKind kind) {
  if (option == HtmlReportOption::automatic) return kind == OutcomeKind::failure;
  return option == HtmlReportOption::always;
}

fs::path page_of(const fs::path& report) { return fs::path(report).replace_extension(".html"); }

Result<void> write_report_page(const fs::path& report, const fs::path& events) {
  const auto record = read_run_record(report, events, false);
  if (!record) return tl::unexpected(record.error());
  return write_file(page_of(report), render_report_html(*record, report.native()));
}

}  // namespace smlaunch
