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
  // The instance type has Neuron cores, and neuron-ls is there but does not tell their number.
  std::optional<Problem> warning;
};

// As the toolkit: by the instance type where its number is known (contract/neuron_instances.hpp), otherwise
// what `neuron_ls` (a path; empty: there is none) says.
NeuronCores probe_neuron_cores(const std::string& instance_type, const std::string& neuron_ls);

// A warning where the instance type and neuron-ls differ; empty where they agree, or one of them says
// nothing.
std::string describe_neuron_difference(const std::string& instance_type, std::optional<int> found);

// The same; asks neuron-ls itself, but only where the number of the instance type is known. Also a warning
// where neuron-ls is there and does not answer.
std::string probe_neuron_difference(const std::string& instance_type, const std::string& neuron_ls);

}  // namespace smlaunch
