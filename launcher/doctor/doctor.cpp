// SPDX-License-Identifier: Apache-2.0
#include "launcher/doctor/doctor.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace smlaunch {

std::string to_string(FindingState state) {
  switch (state) {
    case FindingState::fine: return "fine";
    case FindingState::absent: return "not here";
    case FindingState::missing: return "missing";
    case FindingState::wrong: return "wrong";
  }
  return "";
}

std::string render_findings(const std::string& title, const std::vector<Finding>& findings) {
  constexpr std::size_t state_width = 8;
  std::size_t width = 0;
  for (const Finding& each : findings) width = std::max(width, each.thing.size());
  std::string out = title + "\n";
  for (const Finding& each : findings) {
    out += fmt::format("  {:<{}}  {:<{}}  {}\n", each.thing, width, to_string(each.state), state_width,
                       each.found);
    if (!each.remedy.empty()) out += fmt::format("{:{}}-> {}\n", "", width + state_width + 6, each.remedy);
  }
  return out;
}

std::string render_summary(const std::vector<Finding>& findings) {
  const auto count = [&](FindingState state) {
    return std::count_if(findings.begin(), findings.end(),
                         [&](const Finding& each) { return each.state == state; });
  };
  const auto to_mend = count(FindingState::missing) + count(FindingState::wrong);
  if (to_mend == 0) return "Nothing has to be mended.\n";
  return fmt::format("{} of {} {} to be mended: see each ->.\n", to_mend, findings.size(),
                     to_mend == 1 ? "has" : "have");
}

}  // namespace smlaunch
