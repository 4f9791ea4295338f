// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/run_options.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

namespace smlaunch {

namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool is_pipe(int fd) {
  struct stat facts {};
  return fstat(fd, &facts) == 0 && (S_ISFIFO(facts.st_mode) || S_ISSOCK(facts.st_mode));
}

}  // namespace

OutputTerminals probe_output_terminals() {
  return {.is_stdout = isatty(1) == 1,
          .is_stderr = isatty(2) == 1,
          .is_stdout_piped = is_pipe(1),
          .kind = variable("TERM"),
          .wants_no_color = !variable("NO_COLOR").empty()};
}

bool shows_live_line(const Options& options, const OutputTerminals& terminals) {
  return terminals.is_stderr && !terminals.is_stdout_piped && terminals.understands() && !options.quiet;
}

bool is_colored(const Options& options, const OutputTerminals& terminals, bool is_terminal) {
  switch (options.color) {
    case ColorOption::always: return true;
    case ColorOption::never: return false;
    case ColorOption::automatic: return is_terminal && terminals.understands() && !terminals.wants_no_color;
  }
  return false;
}

RunSettings run_settings_of(const Options& options) {
  RunSettings settings;
  settings.failure_grace = milliseconds_of(options.failure_grace);
  settings.stop_grace = milliseconds_of(options.stop_grace);
  settings.leftover_grace = milliseconds_of(options.leftover_grace);
  settings.lost_after = milliseconds_of(options.lost_after);
  settings.leader_wait = milliseconds_of(options.leader_wait);
  settings.hang_timeout = options.hang_timeout;
  settings.start_timeout = options.start_timeout;
  settings.progress_pattern = options.progress.value_or("");
  settings.flight_recorder = options.flight_recorder == FlightRecorderOption::automatic;
  settings.channel_port = options.channel_port.value_or(0);
  settings.verbose = options.verbose;
  settings.tells_restart_count = options.max_restarts > 0;
  settings.output.format = options.log_format == LogFormatOption::json ? LogFormat::json : LogFormat::text;
  settings.output.only_ranks = options.only_ranks;
  const OutputTerminals terminals = probe_output_terminals();
  settings.output.shows_live_line = shows_live_line(options, terminals);
  settings.output.colors_stdout = is_colored(options, terminals, terminals.is_stdout);
  settings.output.colors_stderr = is_colored(options, terminals, terminals.is_stderr);
  return settings;
}

}  // namespace smlaunch
