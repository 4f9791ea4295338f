// SPDX-License-Identifier: Apache-2.0
// pip as a child. Its lines are passed on while it runs.
#pragma once

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "launcher/process/exit_status.hpp"

namespace smlaunch {

struct PipRequest {
  std::vector<std::string> argv;
  std::map<std::string, std::string> environment;                   // the whole environment
  std::filesystem::path folder;                                     // its working directory
  std::vector<std::string> secrets;                                 // its lines show **** instead
  std::function<void(bool is_stderr, std::string_view line)> line;  // each without its end
  const std::atomic<bool>* cancelled = nullptr;                     // looked at five times a second
};

struct PipEnd {
  ExitStatus status;
  bool was_cancelled = false;
  std::vector<std::string> last_lines;  // of its stderr; where that is empty, of its stdout
};

// Runs it to its end in a process group of its own, and leaves nothing behind. When cancelled, the group gets
// SIGINT, at which pip tidies up, and SIGKILL 3 s later. Errors (Fault::start): it cannot be started.
Result<PipEnd> run_pip(const PipRequest& request);

struct PipReason {
  std::string text = {};       // on one line
  std::size_t first_line = 0;  // the index of the first line that says it
};

// The last line that begins with "ERROR:" or "error:", with the words of a build that failed; else the last
// words. Nothing: no line says anything.
std::optional<PipReason> choose_pip_reason(const std::vector<std::string>& lines);

// What people can do about it, if the lines tell; else empty.
std::string choose_pip_remedy(const std::vector<std::string>& lines);

}  // namespace smlaunch
