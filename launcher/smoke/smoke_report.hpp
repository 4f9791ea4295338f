// SPDX-License-Identifier: Apache-2.0
// The result of an all-reduce test, as a pure function of its record.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launcher/smoke/smoke_record.hpp"
#include "launcher/smoke/smoke_settings.hpp"

namespace smlaunch {

enum class SmokeVerdict { pass, degraded, fail, not_run };
std::string to_string(SmokeVerdict verdict);  // "not_run"

enum class SuspectSubject { host, rank, gpu, link };
std::string to_string(SuspectSubject subject);

enum class Confidence { low, medium, high };
std::string to_string(Confidence confidence);

struct Suspect {
  SuspectSubject subject = SuspectSubject::host;
  std::string name = {};      // "algo-2"; a rank's number; "algo-1 algo-3" for a link
  std::string evidence = {};  // one clause
  Confidence confidence = Confidence::high;
  std::vector<NodeRank> nodes = {};  // the hosts that it belongs to
  bool operator==(const Suspect&) const = default;
};

struct StageSummary {
  SmokeStage stage = SmokeStage::spawned;
  std::optional<double> seconds;  // when the last rank reached it, since the test began
  std::vector<int> missing_ranks;
};

struct SmokeReport {
  SmokeVerdict verdict = SmokeVerdict::not_run;
  std::string backend;
  std::string evidence;  // "multi-host nccl", "mpi-cpu; NCCL NOT RUN", …
  Indexed<NodeRank, std::string> hosts;
  int ranks = 0;
  long bytes = 0;
  std::optional<double> p50_seconds;  // over the repeats, by the slowest rank of each
  std::optional<double> max_seconds;
  std::optional<double> algbw_gbps;
  std::optional<double> busbw_gbps;
  std::optional<ExpectedBandwidth> expected;  // where speed was judged
  std::size_t wrong_elements = 0;             // on the rank that saw the most
  std::optional<LibraryFacts> library;
  std::vector<StageSummary> stages;
  std::vector<Suspect> suspects;
  std::vector<std::string> warnings;
  std::string reason;    // one sentence; for a pass, what was tested
  std::string injected;  // "hang:rank=3"; empty: no fault was injected
  std::vector<GroupResult> pairs;
  double seconds = 0;

  // Hosts that a suspect points to; the others.
  [[nodiscard]] std::vector<std::string> bad_hosts() const;
  [[nodiscard]] std::vector<std::string> good_hosts() const;
};

SmokeReport judge_smoke(const SmokeSettings& settings, const SmokeRecord& record);

// Of a test that came to no result: it was stopped, or its hosts were not ready.
SmokeReport report_not_run(const SmokeSettings& settings, const std::string& why);

// True if there is a failure or slowness, nobody is accused, and tests of hosts and pairs may find the cause.
bool needs_search(const SmokeReport& report, const SmokeSettings& settings, const SmokeRecord& record);

}  // namespace smlaunch
