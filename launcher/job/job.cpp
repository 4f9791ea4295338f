// SPDX-License-Identifier: Apache-2.0
#include "launcher/job/job.hpp"

#include "launcher/plan/plan_json.hpp"

namespace smlaunch {

void look_at_code_again(Job& job) {
  const EntryPoint& before = job.environment->entry_point;
  Environment now = *job.environment;
  // A job of the SDK v3 says itself what its program is, and its code is there already.
  if (now.trainer) return;
  now.entry_point = probe_entry_point(before.working_directory, before.name, before.arguments);
  job.environment = std::make_shared<const Environment>(std::move(now));
  job.spec.environment = job.environment;
}

Result<LaunchPlan> plan_job(const Job& job) {
  auto plan = make_plan(job.spec, job.cluster);
  if (plan) plan->hash = plan_hash(*plan);
  return plan;
}

}  // namespace smlaunch
