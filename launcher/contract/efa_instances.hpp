// SPDX-License-Identifier: Apache-2.0
// Which instance types have an Elastic Fabric Adapter, as the toolkit believes. Source of the table:
// sagemaker-training 5.1.4, sagemaker_training/__init__.py (SM_EFA_NCCL_INSTANCES, SM_EFA_RDMA_INSTANCES).
// The drivers of SageMaker's SDK (sagemaker-train 1.27.0, container_drivers/common/utils.py) have the same
// table, without ml.p6e-gb200.36xlarge. Neither names p5en, p6-b200 or trn2. When a job runs, it looks for
// the host's real devices (topology/efa.hpp).
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace smlaunch {

struct EfaInstance {
  std::string_view type;
  bool rdma = false;  // GPUs and adapter exchange data without the host's memory
};

inline constexpr std::array<EfaInstance, 10> efa_instances = {{{"ml.g4dn.8xlarge", false},
                                                               {"ml.g4dn.12xlarge", false},
                                                               {"ml.g5.48xlarge", false},
                                                               {"ml.p3dn.24xlarge", false},
                                                               {"ml.p4d.24xlarge", true},
                                                               {"ml.p4de.24xlarge", true},
                                                               {"ml.p5.48xlarge", true},
                                                               {"ml.p5e.48xlarge", true},
                                                               {"ml.trn1.32xlarge", true},
                                                               {"ml.p6e-gb200.36xlarge", true}}};

// Null for a type that is not in the table.
inline const EfaInstance* find_efa_instance(std::string_view type) {
  const auto* found = std::find_if(efa_instances.begin(), efa_instances.end(),
                                   [&](const EfaInstance& each) { return each.type == type; });
  return found == efa_instances.end() ? nullptr : found;
}

}  // namespace smlaunch
