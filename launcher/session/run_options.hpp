// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "launcher/leader/run_settings.hpp"
#include "launcher/options/options.hpp"

namespace smlaunch {

inline std::chrono::milliseconds milliseconds_of(double seconds) {
  return std::chrono::milliseconds(static_cast<long>(seconds * 1000));
}

// What is known of the terminals that are our streams.
struct OutputTerminals {
  bool is_stdout = false;
  bool is_stderr = false;
  bool is_stdout_piped = false;  // whoever reads it may write to our terminal (tee)
  std::string kind = {};         // $TERM
  bool wants_no_color = false;
  // Sequences that erase a line and change colours.
  [[nodiscard]] bool understands() const { return !kind.empty() && kind != "dumb"; }
};
OutputTerminals probe_output_terminals();

// Is there a line at the bottom of stderr that says how the job goes? Not where lines come to the terminal that do not
// come from us.
bool shows_live_line(const Options& options, const OutputTerminals& terminals);
// --color, for one of our streams.
bool is_colored(const Options& options, const OutputTerminals& terminals, bool is_terminal);

// What the command line and our streams say about how a plan is performed.
RunSettings run_settings_of(const Options& options);

}  // namespace smlaunch
