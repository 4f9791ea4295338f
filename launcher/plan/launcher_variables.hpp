// SPDX-License-Identifier: Apache-2.0
// What the toolkit sets by instance type and by launcher beside SM_*: for NCCL, for EFA, and for AWS's SMDDP
// library. Chainer's module knows nothing of EFA.
#pragma once

#include "launcher/plan/plan.hpp"

namespace smlaunch {

// For the network adapters that the toolkit's table gives to the hosts' instance types
// (contract/efa_instances.hpp), set where all hosts have them; SMDATAPARALLEL_* and what goes with them
// (sagemaker_training/smdataparallel.py: the hyperparameter sagemaker_instance_type comes before the file's).
Variables adapter_variables(const Environment& environment, LauncherKind launcher, const Cluster& cluster);

// Those, and NCCL's settings (mpi.py).
Variables launcher_variables(const Environment& environment, LauncherKind launcher, const Cluster& cluster);

// What mpi.py sets for a model parallel job under PyTorch: NCCL_PROTO, and from PyTorch 2 on NCCL_ALGO.
// `inherited`: may tell the version in SM_DLC_TORCH_VERSION; else it is taken to be 2.
Variables model_parallel_variables(const Environment& environment, LauncherKind launcher,
                                   const Variables& inherited);

}  // namespace smlaunch
