// SPDX-License-Identifier: Apache-2.0
#include "launcher/smoke/expected_bandwidth.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace smlaunch {

namespace {

// NCCL's ring reaches 0.78 to 0.82 of what the links carry inside hosts of A100, H100 and H200, and 0.8 to
// 0.9 over NICs (published nccl-tests).
constexpr double ring_share = 0.8;
constexpr double nic_share = 0.8;
// The size at which half of that is reached: 16 MiB inside a host of 8 H200 (40 GB/s at 1 MiB, 220 at 16,
// 347 at 64, 464 at 1 GiB), about 80 MiB between two such hosts. The size grows with the steps.
constexpr double half_size_inside = 20e6;
constexpr double half_size_between = 90e6;

struct Link {
  double gbps = 0;
  std::string words;
};

// The NVLinks of the slowest GPU, and what they carry together in one direction.
std::optional<Link> nvlinks(const Machine& machine) {
  int fewest = 0;
  for (std::size_t i = 0; i < machine.gpus.size(); ++i) {
    int links = 0;
    for (std::size_t j = 0; i < machine.gpu_gpu.size() && j < machine.gpu_gpu[i].size(); ++j) {
      const std::string& path = machine.gpu_gpu[i][j];
      if (j == i || !path.starts_with("NV")) continue;
      int count = 0;
      std::from_chars(path.data() + 2, path.data() + path.size(), count);
      links = std::max(links, count);
    }
    if (links == 0) return {};
    fewest = fewest == 0 ? links : std::min(fewest, links);
  }
  if (fewest == 0) return {};
  const std::string& model = machine.gpus.front().model;
  const bool is_fifth = model.find("B200") != std::string::npos || model.find("B300") != std::string::npos;
  const double rate = is_fifth ? 50 : 25;
  return Link{rate * fewest, fmt::format("{} NVLinks of {:.0f} GB/s a GPU", fewest, rate)};
}

// All NICs of the fastest kind that are up.
std::optional<Link> nics(const Machine& machine) {
  int most = 0;
  for (const Nic& nic : machine.nics)
    if (nic.link_up && nic.gigabits > 0) most = std::max(most, nic.gigabits);
  if (most == 0) return {};
  const auto count = std::count_if(machine.nics.begin(), machine.nics.end(),
                                   [&](const Nic& nic) { return nic.link_up && nic.gigabits == most; });
  const double gbps = static_cast<double>(count) * most / 8;
  return Link{gbps, fmt::format("{} NIC{} of {} Gbit/s a host", count, count == 1 ? "" : "s", most)};
}

double factor(int n) { return n < 2 ? 0.0 : 2.0 * (n - 1) / n; }

}  // namespace

double busbw_gbps(long bytes, double seconds, int ranks) {
  return seconds <= 0 ? 0.0 : static_cast<double>(bytes) / seconds / 1e9 * factor(ranks);
}

std::optional<ExpectedBandwidth> busbw_bound(const Machine& machine, const BandwidthRequest& request) {
  if (request.ranks < 2) return {};
  const bool has_peers = request.ranks > request.hosts;
  // A switch that computes the sum itself (NVLS) takes each GPU's bytes once.
  std::optional<ExpectedBandwidth> inside;
  if (const auto links = nvlinks(machine); links && has_peers) {
    const double bound = links->gbps * factor(request.ranks);
    inside = {bound, fmt::format("{} = {:.0f} GB/s, times 2(n-1)/n = {:.3f} for n = {} ranks: {:.0f} GB/s",
                                 links->words, links->gbps, factor(request.ranks), request.ranks, bound)};
  }
  if (request.hosts < 2) return inside;
  const auto between = nics(machine);
  if (!between) return inside;
  // Each host reduces inside itself first. Then it sends 2(H-1)/H of the bytes; with SHARP, all of them once.
  const double sent = request.reduces_in_network ? 1.0 : factor(request.hosts);
  const double bound = between->gbps * factor(request.ranks) / sent;
  if (inside && inside->busbw_gbps < bound) return inside;
  return ExpectedBandwidth{
      bound, fmt::format("{} = {:.1f} GB/s, times 2(n-1)/n = {:.3f} for n = {} ranks, over {:.3f} for {} "
                         "hosts: {:.1f} GB/s",
                         between->words, between->gbps, factor(request.ranks), request.ranks, sent,
                         request.hosts, bound)};
}

std::optional<ExpectedBandwidth> expect_busbw(const Machine& machine, const BandwidthRequest& request) {
  if (request.ranks < 2) return {};
  const auto links = nvlinks(machine);
  const bool has_peers = request.ranks > request.hosts;
  if (has_peers && !links) return {};
  double expected = has_peers ? links->gbps * ring_share : 0;
  std::string words = has_peers ? fmt::format("{}, ring {:.1f}", links->words, ring_share) : "";
  double half = half_size_inside;
  if (request.hosts > 1) {
    const auto between = nics(machine);
    if (!between) return {};
    const double over_nics = between->gbps * nic_share;
    if (!has_peers || over_nics < expected) {
      expected = over_nics;
      words = fmt::format("{}, {:.1f} of it", between->words, nic_share);
    }
    half = half_size_between * std::max(1.0, std::log2(static_cast<double>(request.hosts)));
  }
  const double size = static_cast<double>(request.bytes);
  expected *= size / (size + half);
  return ExpectedBandwidth{expected, fmt::format("{}, at {} bytes", words, request.bytes)};
}

Result<void> check_min_busbw(double wanted_gbps, const Machine& machine, const BandwidthRequest& request,
                             const std::string& where) {
  const auto bound = busbw_bound(machine, request);
  if (!bound || wanted_gbps <= bound->busbw_gbps) return {};
  return failure(Fault::usage, where,
                 fmt::format("{:g} GB/s cannot be reached here: {}", wanted_gbps, bound->source),
                 "give less; busbw counts ranks, not hosts");
}

}  // namespace smlaunch
