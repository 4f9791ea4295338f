// SPDX-License-Identifier: Apache-2.0
// How many Neuron cores an instance type has, where the toolkit takes that from the type and not from
// neuron-ls (sagemaker_training/environment.py, num_neurons).
#pragma once

#include <optional>
#include <string_view>

namespace smlaunch {

// Nothing for any other type: there neuron-ls tells.
inline std::optional<int> neuron_cores_of(std::string_view instance_type) {
  if (instance_type.find("trn2.48xlarge") != std::string_view::npos) return 64;
  return std::nullopt;
}

// Types with Trainium or Inferentia: "ml.trn1.32xlarge", "ml.inf2.xlarge".
inline bool has_neuron_devices(std::string_view instance_type) {
  if (instance_type.starts_with("ml.")) instance_type.remove_prefix(3);
  return instance_type.starts_with("trn") || instance_type.starts_with("inf");
}

}  // namespace smlaunch
