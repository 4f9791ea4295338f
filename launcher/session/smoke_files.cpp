// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/smoke_files.hpp"

#include <filesystem>

#include "base/own_words.hpp"
#include "launcher/outcome/job_result.hpp"
#include "launcher/process/write_file.hpp"
#include "launcher/smoke/render_smoke.hpp"

namespace smlaunch {

void write_smoke_files(const Options& options, const Job& job, const LaunchPlan& plan,
                       const SmokeReport& report) {
  const auto write = [](const std::filesystem::path& file, const std::string& text) {
    if (auto written = write_file(file, text); !written) return warn(written.error());
  };
  if (options.matrix) write(*options.matrix, render_matrix_svg(report));
  const auto beside = output_file(options.report, job.environment->paths, "report.json");
  std::error_code error;
  if (report.bad_hosts().empty()) {
    // The findings of an earlier test say nothing about this one.
    for (const char* name : {"hosts.good", "hosts.bad"})
      if (beside) std::filesystem::remove(beside->parent_path() / name, error);
    return;
  }
  if (!beside && options.command != Command::smoke) return;
  const std::filesystem::path folder = beside ? beside->parent_path() : ".";
  Indexed<NodeRank, int> slots;
  for (const Host& host : plan.cluster.hosts) slots.push_back(host.ranks);
  write(folder / "hosts.good", render_hostfile(report.good_hosts(), report, slots));
  write(folder / "hosts.bad", render_hostfile(report.bad_hosts(), report, slots));
  say("hosts.good and hosts.bad are in {}", std::filesystem::weakly_canonical(folder, error).string());
}

}  // namespace smlaunch
