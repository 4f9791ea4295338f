// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <vector>

#include "base/error.hpp"
#include "launcher/inspect/hang_report.hpp"

namespace smlaunch {

// What each rank's own threads have told, as JSON: FOLDER/rank-5.json, and rank-5.1.json of another of its processes;
// what NCCL has told of all, as it came: FOLDER/nccl-ras.json, or nccl-ras.txt.
// Of a large job those of 256 ranks. Only their owner can read them. Errors (Fault::start): one cannot be written.
Result<void> write_hang_dumps(const std::filesystem::path& folder, const std::vector<RankLook>& looks);

}  // namespace smlaunch
