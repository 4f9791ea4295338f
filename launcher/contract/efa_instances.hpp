// SPDX-License-Identifier: Apache-2.0
// Which instance types have an Elastic Fabric Adapter, as the toolkit believes. Source of the table:
// aws/sagemaker-training-toolkit, src/sagemaker_training/__init__.py at 3383937 (SM_EFA_NCCL_INSTANCES,
// SM_EFA_RDMA_INSTANCES). What a host really has is looked up when a job runs there (topology/efa.hpp).
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace smlaunch {

struct EfaInstance {
  std::string_view type;
  bool rdma = false;  // GPUs and adapter exchange data without the host's memory
};

inline constexpr std::array<EfaInstance, 9> efa_instances = {{{"ml.g4dn.8xlarge", false},
                                                              {"ml.g4dn.12xlarge", false},
                                                              {"ml.g5.48xlarge", false},
                                                              {"ml.p3dn.24xlarge", false},
                                                              {"ml.p4d.24xlarge", true},
                                                              {"ml.p4de.24xlarge", true},
                                                              {"ml.p5.48xlarge", false},
                                                              {"ml.trn1.32xlarge", true},
                                                              {"ml.p6e-gb200.36xlarge", true}}};

// Null for a type that is not in the table.
inline const EfaInstance* find_efa_instance(std::string_view type) {
  const auto* found = std::find_if(efa_instances.begin(), efa_instances.end(),
                                   [&](const EfaInstance& each) { return each.type == type; });
  return found == efa_instances.end() ? nullptr : found;
}

}  // namespace smlaunch
