// SPDX-License-Identifier: Apache-2.0
// The files that the all-reduce test leaves for people.
#pragma once

#include "launcher/job/job.hpp"
#include "launcher/options/options.hpp"
#include "launcher/smoke/smoke_report.hpp"

namespace smlaunch {

// Writes hosts.good and hosts.bad beside the report where a host is accused (`smlaunch smoke` without a
// report writes them to the working directory), and --matrix's picture.
void write_smoke_files(const Options& options, const Job& job, const LaunchPlan& plan,
                       const SmokeReport& report);

}  // namespace smlaunch
