// SPDX-License-Identifier: Apache-2.0
// A job of two hosts with two ranks each, in the middle of its run.
#pragma once

#include "launcher/status/job_status.hpp"

namespace smlaunch {

inline JobStatus some_status() {
  JobStatus status;
  status.id = "3fa2b91c";
  status.name = "bert-7";
  status.pid = 4711;
  status.host = "algo-1";
  status.folder = "/opt/ml";
  status.working_directory = "/root";
  status.version = "0.1.0";
  status.plan_hash = "abc";
  status.launcher = "ddp";
  status.stage = JobStage::run;
  status.seconds = 3751.4;
  status.hosts = status.hosts_ready = 2;
  status.smoke = "pass";
  status.busbw_gbps = 48.25;
  status.counts = {{RankStage::running, 4}};
  status.progress =
      JobProgress{.rank = Rank{3}, .host = "algo-2", .values = {{"loss", 2.5}, {"step", 120}}, .step = 120};
  status.progress_ago = 4.2;
  status.silence = JobSilence{.seconds = 4.2};
  status.phases = {{.name = "ready", .seconds = 1.5}, {.name = "run", .seconds = 3700}};
  for (const int rank : {0, 1, 2, 3})
    status.ranks.push_back(
        {.host = rank < 2 ? "algo-1" : "algo-2", .stage = RankStage::running, .pid = 100 + rank});
  status.ranks[Rank{3}].progress = status.progress->values;
  status.values = {{"loss", {2.5, 2.75}}, {"step", {119, 120}}};
  return status;
}

}  // namespace smlaunch
