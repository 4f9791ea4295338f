// SPDX-License-Identifier: Apache-2.0
// pip as a child whose lines are passed on while it runs.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "launcher/process/exit_status.hpp"

namespace smlaunch {

struct PipRequest {
  std::vector<std::string> argv;
  std::map<std::string, std::string> environment;  // all of it
  std::filesystem::path folder;                    // where it runs
  std::vector<std::string> secrets;                // shown as **** wherever its lines have them
  std::function<void(bool is_stderr, std::string_view line)> line;  // each without its end
  const std::atomic<bool>* cancelled = nullptr;                     // looked at five times a second
};

struct PipEnd {
  ExitStatus status;
  bool was_cancelled = false;
  std::vector<std::string> last_lines;  // of its stderr; of its stdout where it wrote nothing there
};

// Runs it to its end in a process group of its own, with nothing of it left behind. When cancelled, the group
// gets SIGINT, by which pip tidies up, and after 3 s SIGKILL. Errors (Fault::start): it cannot be started.
Result<PipEnd> run_pip(const PipRequest& request);

// What tells why, on one line: the last line that begins with "ERROR:" or "error:", with what a build said that
// failed; else the last words.
std::string choose_pip_line(const std::vector<std::string>& lines);

// What a person can do about it, where the lines tell; else empty.
std::string choose_pip_remedy(const std::vector<std::string>& lines);

}  // namespace smlaunch
