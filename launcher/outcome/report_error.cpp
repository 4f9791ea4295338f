// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/report_error.hpp"

#include <fmt/format.h>

#include "launcher/outcome/outcome.hpp"

namespace smlaunch {

int exit_code_of(Fault fault) {
  switch (fault) {
    case Fault::usage: return exit_codes::usage;
    case Fault::configuration: return exit_codes::configuration;
    case Fault::start: return exit_codes::start;
    case Fault::internal: return exit_codes::internal;
    case Fault::not_ready: return exit_codes::not_ready;
  }
  return exit_codes::internal;
}

std::string to_string(const Problem& problem) {
  std::string text =
      problem.where.empty() ? problem.what : fmt::format("{}: {}", problem.where, problem.what);
  if (!problem.remedy.empty()) text += fmt::format("; {}", problem.remedy);
  return text;
}

int report_error(const Error& error) {
  for (const Problem& problem : error.problems) fmt::print(stderr, "smlaunch: {}\n", to_string(problem));
  return exit_code_of(error.fault);
}

}  // namespace smlaunch
