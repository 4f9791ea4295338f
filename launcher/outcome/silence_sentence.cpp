// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/silence_sentence.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <utility>

namespace smlaunch {

std::string describe_silence(const JobSilence& silence, const std::optional<JobProgress>& progress) {
  if (silence.counts_output) return fmt::format("no rank has printed anything for {:.0f} s", silence.seconds);
  if (!progress) return fmt::format("no rank has made any progress for {:.0f} s", silence.seconds);
  const std::string values = in_words(progress->values);
  const std::string who = progress->rank ? fmt::format("rank {}", progress->rank->value) : "a rank";
  return fmt::format("no rank has made progress for {:.0f} s (the last: {}{} on {})", silence.seconds,
                     values.empty() ? "" : values + " of ", who, progress->host);
}

std::vector<RankLook> look_at_ranks(const JobRecord& record, const Indexed<Rank, std::string>& hosts,
                                    const std::string& starter) {
  std::vector<RankLook> looks;
  for (const Rank each : record.ranks.indices()) {
    const RankRecord& rank = record.ranks[each];
    RankLook look{.rank = each, .host = hosts[each], .state = rank.state, .cores_used = rank.cores_used};
    if (rank.end && !rank.state && !rank.told_to_stop())
      look.ended =
          fmt::format("had {} {:.1f} s after the start", to_string(rank.end->status), rank.times.seconds);
    if (starter.empty())
      looks.push_back(std::move(look));
    else
      for (RankLook& own : looks_at_ranks(look)) looks.push_back(std::move(own));
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

}  // namespace smlaunch
