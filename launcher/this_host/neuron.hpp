// SPDX-License-Identifier: Apache-2.0
// How many Neuron cores this host has: SM_NUM_NEURONS.
#pragma once

#include <optional>
#include <string>

#include "base/error.hpp"

namespace smlaunch {

// The sum of nc_count in what `neuron-ls -j` prints; nothing where that is no list of devices.
std::optional<int> parse_neuron_cores(const std::string& json);

struct NeuronCores {
  int count = 0;
  std::optional<Problem>
      warning;  // neuron-ls is there and does not say, on an instance that has Neuron cores
};

// As the toolkit: by the instance type where that tells (contract/neuron_instances.hpp), else what
// `neuron_ls` (a path; empty: there is none) says.
NeuronCores probe_neuron_cores(const std::string& instance_type, const std::string& neuron_ls);

// What to say where the instance type and neuron-ls differ; empty where they agree, or one of them is silent.
std::string describe_neuron_difference(const std::string& instance_type, std::optional<int> found);

// The same, with neuron-ls asked where the instance type tells; also where it is there and does not answer.
std::string probe_neuron_difference(const std::string& instance_type, const std::string& neuron_ls);

}  // namespace smlaunch
