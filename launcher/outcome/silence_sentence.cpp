// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/silence_sentence.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "launcher/outcome/record_entries.hpp"

namespace smlaunch {

std::string describe_silence(const JobSilence& silence, const std::optional<JobProgress>& progress) {
  if (silence.counts_output) return fmt::format("no rank has printed anything for {:.0f} s", silence.seconds);
  if (!progress) return fmt::format("no rank has made any progress for {:.0f} s", silence.seconds);
  const std::string values = in_words(progress->values);
  const std::string who = progress->rank ? fmt::format("rank {}", progress->rank->value) : "a rank";
  return fmt::format("no rank has made progress for {:.0f} s (the last: {}{} on {})", silence.seconds,
                     values.empty() ? "" : values + " of ", who, progress->host);
}

namespace {

std::string ended_in_words(const ExitStatus& status, double seconds) {
  return fmt::format("had {} {:.1f} s after the start", to_string(status), seconds);
}

}  // namespace

std::vector<RankLook> looks_at_ranks(const RankLook& starter, const JobRecord& record) {
  std::vector<RankLook> looks = looks_at_ranks(starter);
  if (!record.shares.has(starter.rank)) return looks;
  const bool knows_ranks =
      starter.state && std::any_of(starter.state->processes.begin(), starter.state->processes.end(),
                                   [](const ProcessState& process) { return process.rank.has_value(); });
  if (!starter.state)
    looks.clear();
  else if (!knows_ranks)
    looks.front().rank = first_rank_of_entry(record, starter.rank);
  for (const Rank rank : ranks_of_entry(record, starter.rank)) {
    const StartedRank* started = find_started(record, rank);
    const bool is_there =
        std::any_of(looks.begin(), looks.end(), [&](const RankLook& look) { return look.rank == rank; });
    const bool has_ended =
        started != nullptr && started->has_ended && started->status && !started->told_to_stop;
    // A look that came before its end shows what it was doing.
    if (is_there || (starter.state && !has_ended)) continue;
    RankLook look{.rank = rank, .host = starter.host, .ended = starter.ended};
    if (has_ended) look.ended = ended_in_words(*started->status, started->seconds);
    looks.push_back(std::move(look));
  }
  std::stable_sort(looks.begin(), looks.end(),
                   [](const RankLook& a, const RankLook& b) { return a.rank < b.rank; });
  return looks;
}

std::vector<RankLook> look_at_ranks(const JobRecord& record, const Indexed<Rank, std::string>& hosts,
                                    const std::string& starter) {
  std::vector<RankLook> looks;
  for (const Rank each : record.ranks.indices()) {
    const RankRecord& rank = record.ranks[each];
    RankLook look{.rank = each, .host = hosts[each], .state = rank.state, .cores_used = rank.cores_used};
    if (rank.end && !rank.state && !rank.told_to_stop())
      look.ended = ended_in_words(rank.end->status, rank.times.seconds);
    if (starter.empty())
      looks.push_back(std::move(look));
    else
      for (RankLook& own : looks_at_ranks(look, record)) looks.push_back(std::move(own));
  }
  return looks;
}

std::string describe_life(const JobRecord& record, const Indexed<Rank, std::string>& hosts,
                          const std::string& starter) {
  std::string text;
  std::size_t others = 0;
  for (const RankLook& look : look_at_ranks(record, hosts, "")) {
    if (!look.state || !look.state->computes) continue;
    if (!text.empty()) {
      ++others;
      continue;
    }
    const std::string who = starter.empty() ? fmt::format("rank {}", look.rank.value) : starter;
    const std::string cores = look.cores_used ? fmt::format("{:.2f} cores busy", *look.cores_used) : "";
    if (look.state->is_seen_to_compute())
      text = fmt::format("{} on {} computes ({}{}in {})", who, look.host, cores, cores.empty() ? "" : ", ",
                         look.state->computes_in);
    else
      text = fmt::format("{} on {} uses the processor{}{}, and its host does not show for what (ptrace)", who,
                         look.host, cores.empty() ? "" : ": ", cores);
  }
  if (others == 1) text += ", and so does 1 other";
  if (others > 1) text += fmt::format(", and so do {} others", others);
  return text;
}

std::string describe_patience(const JobRecord& record) {
  const bool is_seen = std::any_of(record.ranks.begin(), record.ranks.end(), [](const RankRecord& rank) {
    return rank.state && rank.state->is_seen_to_compute();
  });
  return is_seen ? ": taken for life, the job goes on"
                 : ": taken for life, the job goes on, but three times at most";
}

}  // namespace smlaunch
