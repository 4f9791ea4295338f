// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/report_page.hpp"

#include "base/read_file.hpp"
#include "launcher/process/write_file.hpp"
#include "launcher/report/render_report.hpp"

namespace smlaunch {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t most_bytes = 256UL << 20;

}  // namespace

Result<RunRecord> read_run_record(const fs::path& report, const fs::path& events, bool must_be_there) {
  const auto report_text = read_given_file(report, most_bytes);
  if (!report_text) return tl::unexpected(report_text.error());
  std::error_code error;
  std::string events_text;
  if (must_be_there || fs::is_regular_file(events, error)) {
    auto read = read_given_file(events, most_bytes);
    if (!read) return tl::unexpected(read.error());
    events_text = *std::move(read);
  }
  return parse_run_record(report.native(), *report_text, events_text);
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
