// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/first_failure.hpp"

#include <algorithm>
#include <charconv>
#include <csignal>
#include <set>
#include <string_view>

#include "launcher/evidence/failure_reason.hpp"
#include "launcher/evidence/peer_loss.hpp"
#include "launcher/evidence/python_traceback.hpp"
#include "launcher/outcome/record_entries.hpp"

namespace smlaunch {

namespace {

// A rank that fails may take a while to end, and the ranks that talk to it may notice that and end earlier.
// Then its traceback came first. The program has survived tracebacks that are older than this.
constexpr double oldest_traceback = 60;
// A host that vanishes was heard for the last time before its peers fail. Its last message may be as old as
// the interval between two messages.
constexpr double heard_interval = 1.0;

using Hosts = RankHosts;

const RankRecord& record_of(const JobRecord& record, Rank rank) { return record.ranks[rank]; }

auto all_ranks(const JobRecord& record) { return record.ranks.indices(); }

bool has_left(const RankRecord& rank) { return rank.ended_well() && !rank.told_to_stop(); }

// The end of a lost rank, if it has ended, tells nothing about the loss.
FirstFailure make_loss_of(const JobRecord& record, Rank rank, const Hosts& hosts) {
  FirstFailure loss = make_failure_of(record, rank, hosts);
  loss.end.reset();
  return loss;
}

// Of many ranks: whether their last lines say so at all.
bool only_lost_its_peer(const RankRecord& rank) { return rank.end && blames_peer(rank.end->last_lines); }

// Of one: whether that is its reason, too.
bool has_ended_for_peer(const RankRecord& rank) { return rank.end && fails_for_peer(rank.end->last_lines); }

bool ended_by(const RankRecord& rank, int signal) {
  const auto* signaled = rank.end ? std::get_if<Signaled>(&rank.end->status) : nullptr;
  return signaled != nullptr && signaled->signal == signal;
}

// A library aborts its process when a collective cannot go on.
bool died_of_peer(const RankRecord& rank) {
  return ended_by(rank, SIGABRT) || ended_by(rank, SIGPIPE) || only_lost_its_peer(rank);
}

// Where the first rank to end only says that its peer was gone: the rank that had a traceback of its own
// before that.
std::optional<Rank> find_earlier_traceback(const JobRecord& record, const FirstFailure& first,
                                           double uncertainty) {
  std::optional<Rank> found;
  for (const Rank each : all_ranks(record)) {
    const RankRecord& rank = record_of(record, each);
    if (!rank.times.traceback_seconds || !rank.end || succeeded(rank.end->status)) continue;
    const double traceback = *rank.times.traceback_seconds;
    const double before = first.seconds + uncertainty + rank.times.uncertainty - traceback;
    if (before < 0 || before > oldest_traceback || only_lost_its_peer(rank)) continue;
    if (!find_python_exception(rank.end->last_lines)) continue;
    if (!found || traceback < *record_of(record, *found).times.traceback_seconds) found = each;
  }
  return found;
}

// Among ranks that the clocks cannot tell apart, a rank with a reason of its own comes before a rank that
// only lost its peer.
std::optional<FirstFailure> find_own_reason(const JobRecord& record, const FirstFailure& ended_first,
                                            const Hosts& hosts) {
  const auto has_own_reason = [&](Rank rank) { return !only_lost_its_peer(record_of(record, rank)); };
  const auto tied = std::find_if(ended_first.tied_with.begin(), ended_first.tied_with.end(), has_own_reason);
  const bool is_tied = tied != ended_first.tied_with.end();
  const double uncertainty = record_of(record, ended_first.entry).times.uncertainty;
  const auto cause =
      is_tied ? std::optional(*tied) : find_earlier_traceback(record, ended_first, uncertainty);
  if (!cause || *cause == ended_first.entry) return {};
  FirstFailure first = make_failure_of(record, *cause, hosts);
  if (!is_tied) first.seconds = *record_of(record, *cause).times.traceback_seconds;
  first.certain = false;
  first.tied_with = {ended_first.entry};
  for (const Rank each : ended_first.tied_with)
    if (each != *cause) first.tied_with.push_back(each);
  first.before_its_end = !is_tied;
  first.ended_first = ended_first.ended_first;
  return first;
}

// mpirun's words about a rank that left without MPI_Finalize: "… due to process rank 1 with PID 0 on node
// algo-2 exiting improperly" (4), "… rank 1 … exited without calling finalize" (5).
std::optional<Rank> parse_improper_exit(const std::vector<std::string>& engine_lines) {
  std::string text;
  for (const std::string& line : engine_lines) text += line + " ";
  const bool improper = text.find("exiting improperly") != std::string::npos ||
                        text.find("without calling finalize") != std::string::npos;
  constexpr std::string_view name = "process rank ";
  const std::size_t at = text.find(name);
  if (!improper || at == std::string::npos) return {};
  Rank rank;
  const char* begin = text.data() + at + name.size();
  if (std::from_chars(begin, text.data() + text.size(), rank.value).ec != std::errc()) return {};
  return rank;
}

}  // namespace

std::optional<ExitStatus> FirstFailure::status() const {
  return end ? std::optional(end->status) : std::nullopt;
}

std::vector<std::string> FirstFailure::last_lines() const {
  if (not_started) return {*not_started};
  return end ? end->last_lines : std::vector<std::string>();
}

std::optional<std::string> FirstFailure::reason() const {
  const auto found = find_reason(last_lines());
  return found ? std::optional(found->text) : std::nullopt;
}

std::string to_string(Cause cause) {
  switch (cause) {
    case Cause::own: return "own";
    case Cause::stopped_by_us: return "stopped_by_us";
    case Cause::collateral: return "collateral";
  }
  return "own";
}

bool failed_by_itself(const RankRecord& rank) {
  return rank.not_started || (rank.end && !succeeded(rank.end->status) && !rank.told_to_stop());
}

std::optional<FirstFailure> find_first_failure(const JobRecord& record, const Hosts& hosts) {
  std::optional<Rank> earliest;
  for (const Rank each : all_ranks(record)) {
    const RankRecord& rank = record_of(record, each);
    const bool is_earlier = !earliest || rank.times.seconds < record_of(record, *earliest).times.seconds;
    if (failed_by_itself(rank) && is_earlier) earliest = each;
  }
  if (!earliest) return {};
  FirstFailure first = make_failure_of(record, *earliest, hosts);
  const double uncertainty = record_of(record, *earliest).times.uncertainty;
  for (const Rank each : all_ranks(record)) {
    const RankRecord& rank = record_of(record, each);
    const double bound = wake_up_uncertainty + uncertainty + rank.times.uncertainty;
    if (has_left(rank) && rank.times.seconds <= first.seconds + bound) first.ended_first = false;
    if (each == first.entry || !failed_by_itself(rank)) continue;
    if (rank.times.seconds - first.seconds <= bound) first.tied_with.push_back(each);
  }
  first.certain = first.tied_with.empty();
  if (!has_ended_for_peer(record_of(record, *earliest))) return first;
  if (auto own_reason = find_own_reason(record, first, hosts)) return own_reason;
  return first;
}

FirstFailure make_failure_of(const JobRecord& record, Rank entry, const Hosts& hosts) {
  const RankRecord& failed = record_of(record, entry);
  return {.rank = first_rank_of_entry(record, entry),
          .host = hosts[entry],
          .end = failed.end,
          .not_started = failed.not_started,
          .seconds = failed.times.seconds,
          .entry = entry,
          .is_of_starter = record.shares.has(entry)};
}

Indexed<Rank, Cause> find_causes(const JobRecord& record, const std::optional<FirstFailure>& first) {
  Indexed<Rank, Cause> causes;
  for (const Rank each : all_ranks(record)) {
    const RankRecord& rank = record_of(record, each);
    Cause cause = Cause::own;
    const bool is_first = first && first->entry == each;
    const bool was_never_run = !record.started && record.stop_signal.has_value();
    if ((rank.told_to_stop() || was_never_run) && !is_first)
      cause = Cause::stopped_by_us;
    else if (first && !is_first && failed_by_itself(rank) && rank.times.seconds >= first->seconds &&
             died_of_peer(rank))
      cause = Cause::collateral;
    causes.push_back(cause);
  }
  return causes;
}

std::optional<FirstFailure> find_first_loss(const JobRecord& record, const Hosts& hosts) {
  std::optional<FirstFailure> first;
  for (const bool ended_by_others : {false, true}) {
    for (const Rank each : all_ranks(record)) {
      const RankRecord& rank = record_of(record, each);
      if (!rank.loss || rank.is_lost_by<OutlivedKill>()) continue;
      if (rank.is_lost_by<EndedByOthers>() != ended_by_others) continue;
      if (!first || rank.times.seconds < first->seconds) first = make_loss_of(record, each, hosts);
    }
    if (first) break;
  }
  return first;
}

std::optional<FirstFailure> find_loss_to_tell(const JobRecord& record, const Hosts& hosts) {
  auto loss = find_first_loss(record, hosts);
  if (loss && !record_of(record, loss->entry).is_lost_by<EndedByOthers>()) return loss;
  for (const Rank each : all_ranks(record))
    if (record_of(record, each).is_lost_by<OutlivedKill>()) return make_loss_of(record, each, hosts);
  return loss;
}

bool lost_before(const FirstFailure& loss, const FirstFailure& failure, const JobRecord& record) {
  const RankRecord& failed = record_of(record, failure.entry);
  const double room = died_of_peer(failed) ? heard_interval : failed.times.uncertainty;
  return loss.seconds <= failure.seconds + room;
}

std::optional<FirstFailure> find_improper_exit(const JobRecord& record, const Hosts& hosts) {
  const auto rank = parse_improper_exit(record.engine_lines);
  if (!rank || !record.ranks.has(*rank)) return {};
  return make_failure_of(record, *rank, hosts);
}

std::size_t count_hosts_if_leader_is_cut_off(const JobRecord& record, const Hosts& hosts) {
  std::set<std::string> others;
  for (const Rank each : all_ranks(record)) {
    const std::string& host = hosts[each];
    if (host == record.leader_host) continue;
    const auto* silence =
        record_of(record, each).loss ? std::get_if<Silence>(&*record_of(record, each).loss) : nullptr;
    if (silence == nullptr || silence->is_closed) return 0;
    others.insert(host);
  }
  return others.size() > 1 ? others.size() : 0;
}

std::vector<std::string> hosts_of_losses(const JobRecord& record, const Hosts& hosts) {
  std::vector<std::string> found;
  std::set<std::string> known;
  const auto add = [&](const std::string& host) {
    if (known.insert(host).second) found.push_back(host);
  };
  for (const bool ended_by_others : {false, true}) {
    for (const Rank each : all_ranks(record)) {
      const RankRecord& rank = record_of(record, each);
      if (rank.loss && rank.is_lost_by<EndedByOthers>() == ended_by_others) add(hosts[each]);
    }
    if (!found.empty()) break;
  }
  if (record.worker_loss) add(record.worker_loss->host);
  return found;
}

}  // namespace smlaunch
