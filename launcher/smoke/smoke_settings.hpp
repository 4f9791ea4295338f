// SPDX-License-Identifier: Apache-2.0
// What an all-reduce test shall do, and what is known of the machines beforehand.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/indexed.hpp"
#include "launcher/smoke/check_settings.hpp"
#include "launcher/smoke/expected_bandwidth.hpp"
#include "launcher/smoke/injection.hpp"
#include "topology/ranks.hpp"

namespace smlaunch {

inline constexpr const char* nccl_backend = "nccl";
inline constexpr const char* cpu_backend = "mpi-cpu";

struct SmokeRank {
  NodeRank node;
  LocalRank local_rank;
  int device = 0;  // as CUDA counts inside the rank
};

struct SmokeSettings {
  std::string backend = cpu_backend;
  Indexed<NodeRank, std::string> hosts;
  Indexed<Rank, SmokeRank> ranks;
  long bytes = 64L << 20;
  double deadline_seconds = 120;
  std::string library = library_of_loader;  // for CheckSettings::library
  std::string python = "python3";
  Injection injection;
  bool require_gpu = false;
  std::optional<double> min_busbw_gbps;
  std::optional<ExpectedBandwidth> expected;       // of all ranks
  std::optional<ExpectedBandwidth> expected_pair;  // of two hosts
  bool is_thorough = false;                        // no job waits for the test: more repeats
  bool all_pairs = false;                          // test every two hosts, even after a pass
};

}  // namespace smlaunch
