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

  // With `mpi_options` and `spec.inherited` read as for a real job.
  [[nodiscard]] Result<LaunchPlan> try_plan() {
    spec.environment = std::make_shared<const Environment>(environment);
    const bool is_mpirun = choose_engine(spec, cluster) == Engine::mpirun;
    spec.mpi = {};
    spec.mpi.source = mpi_options_source;
    spec.mpi.is_given = !mpi_options.empty();
    if (is_mpirun || spec.launcher == LauncherKind::ddp) {
      auto read = parse_mpi_settings(mpi_options, mpi_options_source,
                                     parameters_of(spec.inherited, spec.open_mpi), spec.open_mpi);
      if (!read) return tl::unexpected(read.error());
      spec.mpi = std::move(*read);
    }
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
  std::vector<std::string> mpi_options;
  std::string mpi_options_source = "MPI options";
  JobSpec spec;
  Cluster cluster;
};

}  // namespace smlaunch
