// SPDX-License-Identifier: Apache-2.0
// How far a job had come, by the steps that its ranks have told. Pure.
#pragma once

#include <optional>

#include "launcher/outcome/first_failure.hpp"
#include "launcher/outcome/job_record.hpp"

namespace smlaunch {

// Sets JobProgress::step and failed_step.
void tell_steps(const JobRecord& record, const std::optional<FirstFailure>& first, JobProgress& progress);

}  // namespace smlaunch
