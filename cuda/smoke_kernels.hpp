// SPDX-License-Identifier: Apache-2.0
// The kernels of smoke_kernels.cu, which this program carries as PTX. The driver compiles PTX for the GPU
// that it finds. The PTX says version 6.3, target sm_50 (cuda/make_kernels): any driver since CUDA 10 takes
// it.
#pragma once

namespace smlaunch {

// Ends in a zero, as the driver wants it.
const char* smoke_kernels();

}  // namespace smlaunch
