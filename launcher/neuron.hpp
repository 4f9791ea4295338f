// SPDX-License-Identifier: Apache-2.0
// How many Neuron cores this host has: SM_NUM_NEURONS.
#pragma once

#include <string>

namespace smlaunch {

// The sum of nc_count in what `neuron-ls -j` prints; 0 for anything else.
int parse_neuron_cores(const std::string& json);

// As the toolkit: 64 on a trn2.48xlarge, else what `neuron_ls` (a path; empty: there is none) says.
int probe_neuron_cores(const std::string& instance_type, const std::string& neuron_ls);

}  // namespace smlaunch
