// SPDX-License-Identifier: Apache-2.0
#include "launcher/doctor/doctor.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace smlaunch {

std::string to_string(DoctorState state) {
  switch (state) {
    case DoctorState::fine: return "fine";
    case DoctorState::absent: return "not here";
    case DoctorState::missing: return "missing";
    case DoctorState::wrong: return "wrong";
  }
  return "";
}

std::string render_findings(const std::string& title, const std::vector<DoctorRow>& findings) {
  constexpr std::size_t state_width = 8;
  std::size_t width = 0;
  for (const DoctorRow& each : findings) width = std::max(width, each.thing.size());
  std::string out = title + "\n";
  for (const DoctorRow& each : findings) {
    out += fmt::format("  {:<{}}  {:<{}}  {}\n", each.thing, width, to_string(each.state), state_width,
                       each.found);
    if (!each.remedy.empty()) out += fmt::format("{:{}}-> {}\n", "", width + state_width + 6, each.remedy);
  }
  return out;
}

std::string render_summary(const std::vector<DoctorRow>& findings) {
  const auto count = [&](DoctorState state) {
    return std::count_if(findings.begin(), findings.end(),
                         [&](const DoctorRow& each) { return each.state == state; });
  };
  const auto to_mend = count(DoctorState::missing) + count(DoctorState::wrong);
  if (to_mend == 0) return "Nothing has to be mended.\n";
  return fmt::format("{} of {} {} to be mended: see each ->.\n", to_mend, findings.size(),
                     to_mend == 1 ? "has" : "have");
}

}  // namespace smlaunch
