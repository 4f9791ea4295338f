// SPDX-License-Identifier: Apache-2.0
// When in doubt, the test fails: it passes only if every rank reported right sums in time.
#include "launcher/smoke/smoke_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "launcher/smoke/find_suspects.hpp"
#include "launcher/smoke/host_gpus.hpp"

namespace smlaunch {

namespace {

constexpr double fail_share = 0.5;  // of what is expected
constexpr double degraded_share = 0.8;

std::string evidence_of(const SmokeSettings& settings, const SmokeRecord& record) {
  if (settings.backend == cpu_backend) return "mpi-cpu; NCCL NOT RUN";
  const bool imitated = std::any_of(record.ranks.begin(), record.ranks.end(), [](const RankCheck& rank) {
    return rank.library && rank.library->is_imitation;
  });
  if (imitated) return "imitation; NCCL NOT RUN";
  const bool shared = std::any_of(record.ranks.begin(), record.ranks.end(), [](const RankCheck& rank) {
    return rank.result && rank.result->shares_gpu;
  });
  if (shared) return "one-gpu functional";
  return settings.hosts.size() > 1 ? "multi-host nccl" : "single-host nccl";
}

std::vector<StageSummary> summarise_stages(const SmokeRecord& record) {
  std::vector<StageSummary> stages;
  for (const SmokeStage stage : all_smoke_stages) {
    StageSummary summary{stage, {}, {}};
    for (const Rank rank : record.ranks.indices()) {
      const auto& reached = record.ranks[rank].reached[stage];
      if (!reached)
        summary.missing_ranks.push_back(rank.value);
      else
        summary.seconds = std::max(summary.seconds.value_or(0), *reached);
    }
    stages.push_back(std::move(summary));
  }
  return stages;
}

// Takes the times of the slowest rank in each repeat.
void measure(const SmokeRecord& record, SmokeReport& report) {
  std::vector<double> repeats;
  for (const RankCheck& rank : record.ranks) {
    if (!rank.result) return;
    const auto& times = rank.result->transfer_seconds;
    repeats.resize(std::max(repeats.size(), times.size()));
    for (std::size_t i = 0; i < times.size(); ++i) repeats[i] = std::max(repeats[i], times[i]);
  }
  if (repeats.empty()) return;
  std::sort(repeats.begin(), repeats.end());
  report.p50_seconds = repeats[repeats.size() / 2];
  report.max_seconds = repeats.back();
  report.algbw_gbps =
      *report.p50_seconds <= 0 ? 0.0 : static_cast<double>(report.bytes) / *report.p50_seconds / 1e9;
  report.busbw_gbps = busbw_gbps(report.bytes, *report.p50_seconds, report.ranks);
}

std::optional<double> nccls_estimate(const SmokeRecord& record) {
  for (const RankCheck& rank : record.ranks)
    if (rank.result && rank.result->estimated_busbw_gbps) return rank.result->estimated_busbw_gbps;
  return {};
}

class Judge {
 public:
  Judge(const SmokeSettings& settings, const SmokeRecord& record) : settings_(settings), record_(record) {
    report_.backend = settings.backend;
    report_.evidence = evidence_of(settings, record);
    report_.hosts = settings.hosts;
    report_.ranks = static_cast<int>(record.ranks.size());
    report_.bytes = settings.bytes;
    report_.stages = summarise_stages(record);
    report_.seconds = record.seconds;
    if (settings.injection.kind != InjectionKind::none) report_.injected = to_string(settings.injection);
    for (const GroupResult& group : record.groups)
      if (group.units.size() == 2 && !searches_ranks(settings)) report_.pairs.push_back(group);
    for (const RankCheck& rank : record.ranks) {
      if (!report_.library && rank.library) report_.library = rank.library;
      if (rank.result) report_.wrong_elements = std::max(report_.wrong_elements, rank.result->sums.count);
    }
    measure(record, report_);
  }

  SmokeReport judge() {
    judge_gpus();
    if (record_.not_run) {
      report_.verdict = worst_ == SmokeVerdict::fail ? worst_ : SmokeVerdict::not_run;
      add_reason(*record_.not_run);
      return finish();
    }
    if (settings_.require_gpu && settings_.backend == cpu_backend)
      fail(Finding{{}, "--require-gpu, and no GPU was tested (mpi-cpu; NCCL NOT RUN)"});
    fail(find_odd_libraries(settings_, record_));
    fail(find_broken_ranks(settings_, record_));
    const bool broken = worst_ == SmokeVerdict::fail;
    if (!broken || record_.timed_out) fail(find_absent_ranks(settings_, record_));
    fail(find_wrong_contributors(settings_, record_));
    if (worst_ != SmokeVerdict::fail && !all_have_results())
      fail(Finding{{}, "not every rank has reported a result"});
    if (worst_ != SmokeVerdict::fail) {
      judge_speed();
      take(find_stragglers(settings_, record_), SmokeVerdict::degraded);
    }
    if (record_.searched && worst_ != SmokeVerdict::pass && report_.suspects.empty()) {
      take(find_bad_groups(settings_, record_), worst_);
    } else if (record_.searched && worst_ == SmokeVerdict::pass) {
      judge_pairs();
    }
    report_.verdict = worst_;
    return finish();
  }

 private:
  void add_reason(const std::string& sentence) { reason_ += (reason_.empty() ? "" : "; ") + sentence; }

  void take(std::optional<Finding> finding, SmokeVerdict at_least) {
    if (!finding) return;
    add_reason(finding->reason);
    worst_ = std::max(worst_, at_least);
    for (Suspect& suspect : finding->suspects) report_.suspects.push_back(std::move(suspect));
  }

  void fail(std::optional<Finding> finding) { take(std::move(finding), SmokeVerdict::fail); }

  bool all_have_results() const {
    return std::all_of(record_.ranks.begin(), record_.ranks.end(),
                       [](const RankCheck& rank) { return rank.result.has_value(); });
  }

  void judge_gpus() {
    for (HostFinding& finding : judge_host_gpus(record_.gpus)) {
      const std::string& host = settings_.hosts[finding.host];
      if (!finding.fails) {
        report_.warnings.push_back(fmt::format("{}: {}", host, finding.text));
        continue;
      }
      fail(Finding{{{.subject = SuspectSubject::host,
                     .name = host,
                     .evidence = finding.text,
                     .nodes = {finding.host}}},
                   fmt::format("{}: {}", host, finding.text)});
    }
  }

  // If all ranks together passed and a pair fails, users should know it, but the test has not failed.
  void judge_pairs() {
    auto groups = find_bad_groups(settings_, record_);
    if (groups && !groups->suspects.empty()) take(std::move(groups), SmokeVerdict::degraded);
  }

  void judge_speed() {
    if (!report_.busbw_gbps || report_.ranks < 2) return;
    if (!is_on_gpus_alone(settings_, record_)) {
      if (settings_.min_busbw_gbps)
        report_.warnings.push_back(
            fmt::format("--min-busbw {:g} was not judged: {}", *settings_.min_busbw_gbps, report_.evidence));
      return;
    }
    report_.expected = settings_.expected;
    // NCCL's own model is optimistic: where it expects less than we do, NCCL is right.
    if (const auto estimate = nccls_estimate(record_);
        estimate && (!report_.expected || *estimate < report_.expected->busbw_gbps))
      report_.expected = ExpectedBandwidth{*estimate, "NCCL's own estimate"};
    const double reached = *report_.busbw_gbps;
    if (settings_.min_busbw_gbps && reached < *settings_.min_busbw_gbps)
      fail(Finding{
          {},
          fmt::format("busbw {:.1f} GB/s is below --min-busbw {:g}", reached, *settings_.min_busbw_gbps)});
    if (!report_.expected) return;
    const double share = reached / report_.expected->busbw_gbps;
    const std::string words =
        fmt::format("busbw {:.1f} GB/s is {:.0f} % of the {:.1f} expected ({})", reached, share * 100,
                    report_.expected->busbw_gbps, report_.expected->source);
    // If the user asks for a speed, only that speed decides whether the job may run.
    if (share < fail_share && !settings_.min_busbw_gbps)
      fail(Finding{{}, words});
    else if (share < degraded_share)
      take(Finding{{}, words}, SmokeVerdict::degraded);
  }

  SmokeReport finish() {
    report_.reason = reason_;
    if (reason_.empty())
      report_.reason =
          fmt::format("every element right on {} rank{}", report_.ranks, report_.ranks == 1 ? "" : "s");
    return std::move(report_);
  }

  const SmokeSettings& settings_;
  const SmokeRecord& record_;
  SmokeReport report_;
  SmokeVerdict worst_ = SmokeVerdict::pass;
  std::string reason_;
};

}  // namespace

std::string to_string(SmokeVerdict verdict) {
  switch (verdict) {
    case SmokeVerdict::pass: return "pass";
    case SmokeVerdict::degraded: return "degraded";
    case SmokeVerdict::fail: return "fail";
    case SmokeVerdict::not_run: return "not_run";
  }
  return "not_run";
}

std::string to_string(SuspectSubject subject) {
  switch (subject) {
    case SuspectSubject::host: return "host";
    case SuspectSubject::rank: return "rank";
    case SuspectSubject::gpu: return "gpu";
    case SuspectSubject::link: return "link";
  }
  return "host";
}

std::string to_string(Confidence confidence) {
  switch (confidence) {
    case Confidence::low: return "low";
    case Confidence::medium: return "medium";
    case Confidence::high: return "high";
  }
  return "low";
}

std::vector<std::string> SmokeReport::bad_hosts() const {
  std::set<NodeRank> nodes;
  for (const Suspect& suspect : suspects) nodes.insert(suspect.nodes.begin(), suspect.nodes.end());
  std::vector<std::string> names;
  for (const NodeRank node : nodes) names.push_back(hosts[node]);
  return names;
}

std::vector<std::string> SmokeReport::good_hosts() const {
  const std::vector<std::string> bad = bad_hosts();
  std::vector<std::string> names;
  for (const std::string& host : hosts)
    if (std::find(bad.begin(), bad.end(), host) == bad.end()) names.push_back(host);
  return names;
}

SmokeReport judge_smoke(const SmokeSettings& settings, const SmokeRecord& record) {
  return Judge(settings, record).judge();
}

SmokeReport report_not_run(const SmokeSettings& settings, const std::string& why) {
  SmokeRecord record;
  record.ranks = Indexed<Rank, RankCheck>(settings.ranks.size());
  record.gpus = Indexed<NodeRank, std::optional<HostGpus>>(settings.hosts.size());
  record.not_run = why;
  return judge_smoke(settings, record);
}

bool needs_search(const SmokeReport& report, const SmokeSettings& settings, const SmokeRecord& record) {
  // Without its engine no test of fewer ranks would say anything of this one.
  if (record.not_run || !record.engine_failure.empty()) return false;
  if (searches_ranks(settings) && (settings.backend == cpu_backend || settings.ranks.size() < 3))
    return false;
  if (settings.require_gpu && settings.backend == cpu_backend) return false;
  if (settings.all_pairs && report.verdict == SmokeVerdict::pass) return !searches_ranks(settings);
  if (!report.suspects.empty()) return false;
  if (report.verdict == SmokeVerdict::degraded) return !searches_ranks(settings);
  // The search makes ranks talk in small groups: it finds nothing unless every rank came far enough to talk.
  const bool all_talked = std::all_of(record.ranks.begin(), record.ranks.end(), [](const RankCheck& rank) {
    return rank.reached[SmokeStage::communicator_called].has_value();
  });
  return report.verdict == SmokeVerdict::fail && all_talked;
}

}  // namespace smlaunch
