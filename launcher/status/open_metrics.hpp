// SPDX-License-Identifier: Apache-2.0
// --metrics: a job's status as OpenMetrics text, which a Prometheus node exporter's text folder, or any other
// collector, can take. Pure. The number of lines does not grow with the ranks or the hosts.
#pragma once

#include <string>

#include "launcher/status/job_status.hpp"

namespace smlaunch {

std::string render_open_metrics(const JobStatus& status);

}  // namespace smlaunch
