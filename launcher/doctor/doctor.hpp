// SPDX-License-Identifier: Apache-2.0
// The room launcher/doctor: what this machine and the named hosts have of what jobs lean on, what they lack,
// and what mends it. It promises an answer for each thing, within seconds. It touches programs, libraries and
// files of this machine, which it asks, and changes nothing; what the other hosts answer is handed to it.
//
// What is found of one thing, and the table of all.
#pragma once

#include <string>
#include <vector>

namespace smlaunch {

enum class DoctorState {
  fine,
  absent,   // not here, and only some jobs need it
  missing,  // not here, and most jobs need it
  wrong,    // here, and does not work
};
std::string to_string(DoctorState state);

struct DoctorRow {
  std::string thing;  // "Open MPI", a host's name
  DoctorState state = DoctorState::fine;
  std::string found;
  std::string remedy;  // a command, or what to do; empty where all is fine
  bool operator==(const DoctorRow&) const = default;
};

// `title`, then a row for each, with the remedy in a line of its own behind an arrow.
std::string render_findings(const std::string& title, const std::vector<DoctorRow>& findings);

// One sentence: how much is fine, and how much is to be mended.
std::string render_summary(const std::vector<DoctorRow>& findings);

}  // namespace smlaunch
