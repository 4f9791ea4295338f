// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/run_options.hpp"

namespace smlaunch {

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
  return settings;
}

}  // namespace smlaunch
