// SPDX-License-Identifier: Apache-2.0
// How far a rank has come in the all-reduce test.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace smlaunch {

// In the order in which a rank goes through them. `library_loaded`: libnccl or libmpi; `device_ready`: a GPU
// with its buffers, on the CPU only the buffers; `id_received`: the rank knows its partners (on GPUs it has
// NCCL's unique id); `communicator_called`: it has begun to make the communicator (ncclCommInitRank,
// MPI_Init); `timed`: all repeats are done; `verified`: every element was looked at.
enum class SmokeStage {
  spawned,
  library_loaded,
  device_ready,
  id_received,
  communicator_called,
  communicator_ready,
  warm_up,
  timed,
  verified
};

inline constexpr std::array<SmokeStage, 9> all_smoke_stages = {SmokeStage::spawned,
                                                               SmokeStage::library_loaded,
                                                               SmokeStage::device_ready,
                                                               SmokeStage::id_received,
                                                               SmokeStage::communicator_called,
                                                               SmokeStage::communicator_ready,
                                                               SmokeStage::warm_up,
                                                               SmokeStage::timed,
                                                               SmokeStage::verified};

std::string to_string(SmokeStage stage);  // "library loaded"
std::optional<SmokeStage> parse_smoke_stage(std::string_view text);

}  // namespace smlaunch
