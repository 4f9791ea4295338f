// SPDX-License-Identifier: Apache-2.0
#include "launcher/report_answer.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "base/read_file.hpp"
#include "launcher/outcome/report_page.hpp"
#include "launcher/process/write_file.hpp"
#include "launcher/report/render_report.hpp"

namespace smlaunch {

namespace fs = std::filesystem;

namespace {

Result<fs::path> find_report(const fs::path& place) {
  std::error_code error;
  if (!fs::is_directory(place, error)) return place;
  for (const char* name : {"report.json", "output/data/smlaunch/report.json"})
    if (fs::exists(place / name, error)) return place / name;
  return failure(Fault::configuration, place.native(),
                 "holds no report.json, nor does output/data/smlaunch below it",
                 "name the folder or the report.json of a run");
}

}  // namespace

Result<std::string> make_report_answer(const Options& options, const std::string& base) {
  const auto report = find_report(options.operand ? fs::path(*options.operand) : fs::path(base));
  if (!report) return tl::unexpected(report.error());
  const auto events = options.events ? fs::path(*options.events) : report->parent_path() / "events.jsonl";
  const auto record = read_run_record(*report, events, options.events.has_value());
  if (!record) return tl::unexpected(record.error());
  if (!options.html) return render_report_text(*record);
  if (auto written = write_file(*options.html, render_report_html(*record, report->native())); !written)
    return tl::unexpected(written.error());
  return fmt::format("{} is the page of {}\n", *options.html, report->native());
}

}  // namespace smlaunch
