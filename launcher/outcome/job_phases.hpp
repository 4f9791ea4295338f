// SPDX-License-Identifier: Apache-2.0
// How long each phase of a run took, and which host was the slowest: pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "launcher/outcome/outcome.hpp"

namespace smlaunch {

// All times are nanoseconds of the leader's steady clock.
class JobPhases {
 public:
  // The waiting for the hosts; `slowest` became ready last, after so long.
  void waited(double seconds, const std::string& slowest, double slowest_seconds);
  void smoked(double seconds) { smoke_seconds_ = seconds; }
  void engine_started(std::uint64_t ns) { engine_ns_ = ns; }
  void joined(const std::string& host, std::uint64_t ns) { last_joined_ = {.host = host, .ns = ns}; }
  void spawned(std::uint64_t ns) { spawned_ns_ = ns; }
  // Only a host's first output counts.
  void printed(const std::string& host, std::uint64_t ns) { first_output_.try_emplace(host, ns); }
  void ended(const std::string& host, std::uint64_t ns);
  void left(const std::string& host, std::uint64_t ns) { last_left_ = {.host = host, .ns = ns}; }
  void finished(std::uint64_t ns) { finished_ns_ = ns; }

  [[nodiscard]] bool has_printed(const std::string& host) const { return first_output_.contains(host); }
  [[nodiscard]] bool any_printed() const { return !first_output_.empty(); }

  // ready, start, smoke, spawn to first output, run, teardown; without phases that the run did not have.
  [[nodiscard]] std::vector<Phase> phases() const;
  // The same of a run that goes on: the phase that it is in lasts until now.
  [[nodiscard]] std::vector<Phase> so_far(std::uint64_t now_ns) const;

 private:
  struct HostTime {
    std::string host;
    std::uint64_t ns = 0;
  };
  std::optional<Phase> ready_;
  std::optional<double> smoke_seconds_;
  std::optional<std::uint64_t> engine_ns_;
  std::optional<std::uint64_t> spawned_ns_;
  std::map<std::string, std::uint64_t> first_output_;
  HostTime last_joined_;
  HostTime last_ended_;
  HostTime last_left_;
  std::uint64_t finished_ns_ = 0;
};

// "ready 0.4 s (algo-3 last), start 0.6 s (algo-2 last), …". Hosts are named only where there are several.
std::string render_phases(const std::vector<Phase>& phases, bool several_hosts);

}  // namespace smlaunch
