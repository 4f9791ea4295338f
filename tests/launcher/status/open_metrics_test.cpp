// SPDX-License-Identifier: Apache-2.0
#include "launcher/status/open_metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/launcher/status/some_status.hpp"

namespace smlaunch {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(OpenMetrics, HasRanksByStateProgressRestartsPhasesAndTheTestsBandwidth) {
  JobStatus status = some_status();
  status.restarts = 2;
  EXPECT_EQ(render_open_metrics(status),
            R"(# TYPE smlaunch_job info
# HELP smlaunch_job The job that runs.
smlaunch_job_info{job="3fa2b91c",name="bert-7",host="algo-1",launcher="ddp",plan="abc",version="0.1.0"} 1
# TYPE smlaunch_state stateset
# HELP smlaunch_state What the job is doing.
smlaunch_state{smlaunch_state="code"} 0
smlaunch_state{smlaunch_state="ready"} 0
smlaunch_state{smlaunch_state="smoke"} 0
smlaunch_state{smlaunch_state="start"} 0
smlaunch_state{smlaunch_state="run"} 1
smlaunch_state{smlaunch_state="stop"} 0
smlaunch_state{smlaunch_state="end"} 0
# TYPE smlaunch_run_seconds gauge
# UNIT smlaunch_run_seconds seconds
# HELP smlaunch_run_seconds Since the start of the run.
smlaunch_run_seconds 3751.4
# TYPE smlaunch_hosts gauge
# HELP smlaunch_hosts The hosts that run ranks.
smlaunch_hosts 2
# TYPE smlaunch_hosts_ready gauge
# HELP smlaunch_hosts_ready How many of them are ready.
smlaunch_hosts_ready 2
# TYPE smlaunch_ranks gauge
# HELP smlaunch_ranks Ranks by their state.
smlaunch_ranks{state="waiting"} 0
smlaunch_ranks{state="joined"} 0
smlaunch_ranks{state="running"} 4
smlaunch_ranks{state="ended"} 0
smlaunch_ranks{state="stopped"} 0
smlaunch_ranks{state="failed"} 0
smlaunch_ranks{state="lost"} 0
# TYPE smlaunch_restarts counter
# HELP smlaunch_restarts How often the job was tried again.
smlaunch_restarts_total 2
# TYPE smlaunch_progress gauge
# HELP smlaunch_progress The values that the last rank to speak has told.
smlaunch_progress{name="loss"} 2.5
smlaunch_progress{name="step"} 120
# TYPE smlaunch_progress_age_seconds gauge
# UNIT smlaunch_progress_age_seconds seconds
# HELP smlaunch_progress_age_seconds How long ago a rank has told its progress.
smlaunch_progress_age_seconds 4.2
# TYPE smlaunch_progress_lowest gauge
# HELP smlaunch_progress_lowest The lowest of all ranks' last values.
smlaunch_progress_lowest{name="loss"} 2.5
smlaunch_progress_lowest{name="step"} 119
# TYPE smlaunch_progress_highest gauge
# HELP smlaunch_progress_highest The highest of all ranks' last values.
smlaunch_progress_highest{name="loss"} 2.75
smlaunch_progress_highest{name="step"} 120
# TYPE smlaunch_silence_seconds gauge
# UNIT smlaunch_silence_seconds seconds
# HELP smlaunch_silence_seconds How long no rank has made progress.
smlaunch_silence_seconds 4.2
# TYPE smlaunch_phase_seconds gauge
# UNIT smlaunch_phase_seconds seconds
# HELP smlaunch_phase_seconds How long each phase of this try has taken so far.
smlaunch_phase_seconds{phase="ready"} 1.5
smlaunch_phase_seconds{phase="run"} 3700
# TYPE smlaunch_smoke_busbw_bytes_per_second gauge
# UNIT smlaunch_smoke_busbw_bytes_per_second bytes_per_second
# HELP smlaunch_smoke_busbw_bytes_per_second Bus bandwidth of the all-reduce test.
smlaunch_smoke_busbw_bytes_per_second 48250000000
# EOF
)");
}

TEST(OpenMetrics, WhatIsNotKnownIsNotThere) {
  const std::string text = render_open_metrics(JobStatus());
  for (const char* name : {"progress", "silence", "phase", "busbw", "exit_code"})
    EXPECT_THAT(text, Not(HasSubstr(name)));
  JobStatus ended;
  ended.exit_code = 76;
  EXPECT_THAT(render_open_metrics(ended), HasSubstr("\nsmlaunch_exit_code 76\n# EOF\n"));
}

TEST(OpenMetrics, LabelsAndNumbersAreSafeWhateverTheyAre) {
  JobStatus status = some_status();
  status.name = "a\"b\\c\nd\xFF";
  status.progress->values = {{"a", std::numeric_limits<double>::infinity()},
                             {"b", -std::numeric_limits<double>::infinity()},
                             {"c", std::nan("")}};
  const std::string text = render_open_metrics(status);
  EXPECT_THAT(text, HasSubstr("name=\"a\\\"b\\\\c\\nd\xEF\xBF\xBD\","));
  EXPECT_THAT(
      text,
      HasSubstr(
          "{name=\"a\"} +Inf\nsmlaunch_progress{name=\"b\"} -Inf\nsmlaunch_progress{name=\"c\"} NaN\n"));
}

}  // namespace
}  // namespace smlaunch
