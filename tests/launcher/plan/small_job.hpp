// SPDX-License-Identifier: Apache-2.0
// A job without a container's files, for the tests of plans.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "launcher/plan/plan.hpp"
#include "launcher/plan/plan_json.hpp"
#include "tests/topology/made_up_machine.hpp"

namespace smlaunch {

// train.py on `hosts` ("algo-1", ...), led by the first; each like `machine`, with `ranks` ranks.
struct SmallJob {
  explicit SmallJob(int hosts, int ranks, const MadeUp& machine = {}) {
    const auto shared = std::make_shared<const Machine>(make_machine(machine));
    for (int i = 1; i <= hosts; ++i) {
      Host host;
      host.name = fmt::format("algo-{}", i);
      host.ranks = ranks;
      host.machine = shared;
      cluster.hosts.push_back(host);
      environment.hosts.push_back(host.name);
    }
    environment.distribution_hosts = environment.hosts;
    environment.paths = make_paths("/opt/ml");
    environment.current_host = environment.leader = "algo-1";
    environment.is_leader = true;
    environment.num_gpus = shared->usable_gpus();
    environment.num_cpus = shared->processing_units;
    environment.resource_config = *parse_python_json(R"({"current_host": "algo-1", "hosts": []})");
    environment.hyperparameters = environment.framework_parameters = environment.sagemaker_hyperparameters =
        environment.input_data_config = *parse_python_json("{}");
    environment.entry_point.name = "train.py";
    environment.entry_point.working_directory = "/opt/ml/code";
    spec.launcher = LauncherKind::mpi;
    spec.smlaunch = "/usr/bin/smlaunch";
  }

  [[nodiscard]] Result<LaunchPlan> try_plan() {
    spec.environment = std::make_shared<const Environment>(environment);
    return make_plan(spec, cluster);
  }
  // With its hash.
  [[nodiscard]] LaunchPlan plan() {
    auto made = try_plan();
    if (!made)
      throw std::runtime_error(made.error().problems.front().where + ": " +
                               made.error().problems.front().what);
    made->hash = plan_hash(*made);
    return *made;
  }

  Environment environment;
  JobSpec spec;
  Cluster cluster;
};

}  // namespace smlaunch
