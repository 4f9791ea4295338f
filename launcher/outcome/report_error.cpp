// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/report_error.hpp"

#include <fmt/format.h>

#include "base/own_words.hpp"

namespace smlaunch {

std::string to_string(const Problem& problem) {
  std::string text =
      problem.where.empty() ? problem.what : fmt::format("{}: {}", problem.where, problem.what);
  if (!problem.remedy.empty()) text += fmt::format("; {}", problem.remedy);
  return text;
}

int report_error(const Error& error) {
  for (const Problem& problem : error.problems) say("{}", to_string(problem));
  return exit_code_of(error.fault);
}

}  // namespace smlaunch
