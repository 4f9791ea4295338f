// SPDX-License-Identifier: Apache-2.0
// The room launcher/checks: the check programs, which run beside each rank in the all-reduce test. They
// promise to report in time how far they have come, and to end when their stdin ends. They touch the GPU (by
// NCCL) or Open MPI's library, and their own stdin and stdout.
#pragma once

namespace smlaunch {

// `smlaunch nccl-check`, which runs beside a rank in the all-reduce test on GPUs. It takes check commands on
// stdin (check_settings.hpp) and gives check messages on stdout (rank_result.hpp). Returns 0 when it is told
// to quit, or when its stdin ends.
int run_nccl_check();

}  // namespace smlaunch
