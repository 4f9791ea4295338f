// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/report_error.hpp"

#include <fmt/format.h>

#include "base/own_words.hpp"
#include "base/problem_list.hpp"
#include "base/shown_text.hpp"

namespace smlaunch {

namespace {

constexpr std::size_t most_bytes_shown = 2000;

}  // namespace

std::string to_string(const Problem& problem) {
  std::string text =
      problem.where.empty() ? problem.what : fmt::format("{}: {}", problem.where, problem.what);
  if (!problem.remedy.empty()) text += fmt::format("; {}", problem.remedy);
  return shown_text(text, most_bytes_shown);
}

std::vector<std::string> render_problems(const Error& error) {
  std::vector<std::string> lines;
  for (const Problem& problem : error.problems) {
    // The last problem may itself count others, so one more is told before anything is left out.
    if (lines.size() == most_problems_told && error.problems.size() > most_problems_told + 1) {
      lines.push_back(fmt::format("and {} more problems", error.problems.size() - most_problems_told));
      break;
    }
    lines.push_back(to_string(problem));
  }
  return lines;
}

int report_error(const Error& error) {
  for (const std::string& line : render_problems(error)) say("{}", line);
  return exit_code_of(error.fault);
}

}  // namespace smlaunch
