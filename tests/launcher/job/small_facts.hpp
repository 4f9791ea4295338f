// SPDX-License-Identifier: Apache-2.0
// The facts of a small job, for the tests of what is decided by them.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include "launcher/job/facts.hpp"
#include "launcher/job/job.hpp"
#include "tests/topology/made_up_machine.hpp"

namespace smlaunch {

// train.py on `hosts` ("algo-1", ...) of a container, seen from the first, which leads.
inline Facts small_facts(int hosts, const std::string& hyperparameters = "{}", const MadeUp& machine = {}) {
  Environment environment;
  for (int i = 1; i <= hosts; ++i) environment.hosts.push_back(fmt::format("algo-{}", i));
  environment.distribution_hosts = environment.hosts;
  environment.paths = make_paths("/opt/ml");
  environment.current_host = environment.leader = "algo-1";
  environment.is_leader = true;
  environment.current_instance_group = "homogeneousCluster";
  environment.distribution_instance_groups = {environment.current_instance_group};
  environment.resource_config = environment.hyperparameters = environment.framework_parameters =
      environment.input_data_config = *parse_python_json("{}");
  environment.sagemaker_hyperparameters = *parse_python_json(hyperparameters);
  environment.entry_point.name = "train.py";
  environment.entry_point.kind = EntryPointKind::python_program;
  environment.entry_point.working_directory = "/opt/ml/code";
  Facts facts;
  facts.machine = make_machine(machine);
  environment.num_gpus = facts.machine.usable_gpus();
  environment.num_cpus = facts.machine.processing_units;
  facts.environment = std::make_shared<const Environment>(std::move(environment));
  facts.python = "/usr/bin/python3";
  facts.smlaunch = "/usr/bin/smlaunch";
  facts.ask.open_mpi = [] {
    return FoundOpenMpi{"/usr/bin/mpirun", OpenMpiVersion{4, 1, 4}, "4.1.4, as it says"};
  };
  facts.ask.has_mpirun = [] { return true; };
  return facts;
}

inline void change(Facts& facts, const std::function<void(Environment&)>& changes) {
  Environment environment = *facts.environment;
  changes(environment);
  facts.environment = std::make_shared<const Environment>(std::move(environment));
}

// The same hosts as they come from the command line.
inline void give_hosts(Facts& facts, const GivenHostSlots& slots) {
  facts.given_hosts = slots;
  change(facts, [&](Environment& environment) {
    environment.hosts.clear();
    for (const HostSlots& host : *slots) environment.hosts.push_back(host.name);
    environment.distribution_hosts = environment.hosts;
    environment.current_host = environment.leader = environment.hosts.front();
  });
}

inline std::string source_in(const JobSpec& spec, const std::string& name) {
  for (const auto& [key, source] : spec.sources)
    if (key == name) return source;
  return "";
}

template <class T>
T value_of(const Result<T>& result) {
  if (result) return *result;
  const Problem& problem = result.error().problems.front();
  throw std::runtime_error(problem.where + ": " + problem.what);
}

// "where: what" of the first problem; empty: it is none.
template <class T>
std::string first_problem(const Result<T>& result) {
  if (result) return "";
  return result.error().problems.front().where + ": " + result.error().problems.front().what;
}

}  // namespace smlaunch
