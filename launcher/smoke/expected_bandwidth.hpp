// SPDX-License-Identifier: Apache-2.0
// The speed that an all-reduce over GPUs should reach, and the speed that it can never exceed, worked out
// from the facts about the machines. busbw = bytes / time * 2 (n - 1) / n over n ranks, as in nccl-tests
// (doc/PERFORMANCE.md). A GB/s is 10^9 bytes a second.
#pragma once

#include <optional>
#include <string>

#include "base/error.hpp"
#include "topology/machine.hpp"

namespace smlaunch {

struct BandwidthRequest {
  int ranks = 0;
  int hosts = 0;  // with equal numbers of ranks
  long bytes = 0;
  bool reduces_in_network = false;  // SHARP: NCCL_COLLNET_ENABLE
};

struct ExpectedBandwidth {
  double busbw_gbps = 0;
  std::string source;  // "18 NVLinks of 25 GB/s a GPU, ring 0.8, at 64 MiB"
  bool operator==(const ExpectedBandwidth&) const = default;
};

// What a healthy machine reaches at this size. Nothing: the links are not known, or their rate says nothing
// (PCIe).
std::optional<ExpectedBandwidth> expect_busbw(const Machine& machine, const BandwidthRequest& request);

// What the links carry at most. Nothing: not known.
std::optional<ExpectedBandwidth> busbw_bound(const Machine& machine, const BandwidthRequest& request);

// Errors (Fault::usage): `wanted_gbps` is above busbw_bound(), with the arithmetic.
Result<void> check_min_busbw(double wanted_gbps, const Machine& machine, const BandwidthRequest& request,
                             const std::string& where);

// bytes / seconds * 2 (n - 1) / n, in GB/s; 0 for one rank.
double busbw_gbps(long bytes, double seconds, int ranks);

}  // namespace smlaunch
