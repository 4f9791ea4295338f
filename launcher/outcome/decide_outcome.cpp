// SPDX-License-Identifier: Apache-2.0
// The first of these that holds decides how the job ended: it hung; mpirun blames a rank for leaving early;
// a host was lost before anything failed; a rank failed, by itself or because another had left; we were told
// to stop; the job never started; a rank, a host or the engine was lost.
#include "launcher/outcome/decide_outcome.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "launcher/evidence/mpirun_words.hpp"
#include "launcher/outcome/device_evidence.hpp"
#include "launcher/outcome/early_leavers.hpp"
#include "launcher/outcome/failure_sentence.hpp"
#include "launcher/outcome/job_steps.hpp"
#include "launcher/outcome/record_entries.hpp"
#include "launcher/outcome/silence_sentence.hpp"
#include "launcher/process/stop_signals.hpp"

namespace smlaunch {

namespace {

constexpr const char* torchrun = "torchrun";

double find_end(const JobRecord& record) {
  double end = 0;
  for (const RankRecord& rank : record.ranks) end = std::max(end, rank.times.seconds);
  return end;
}

class Decision {
 public:
  Decision(const JobRecord& record, const RankHosts& hosts, const std::string& starter)
      : record_(record), hosts_(hosts), starter_(starter), first_(find_first_failure(record, hosts)) {}

  [[nodiscard]] Outcome decide() const {
    Outcome outcome = choose();
    outcome.stop_was_asked = record_.stop_signal.has_value();
    outcome.progress = record_.progress;
    if (outcome.progress) tell_steps(record_, outcome.first_failure, *outcome.progress);
    outcome.asked = record_.asked;
    outcome.devices = record_.devices;
    if (outcome.kind == OutcomeKind::failure && outcome.asked && outcome.asked->ask == Ask::exclude_host)
      outcome.hosts_at_fault.push_back(outcome.asked->host);
    outcome.end_seconds = find_end(record_);
    if (outcome.kind == OutcomeKind::failure && outcome.first_failure) add_device_evidence(record_, outcome);
    if (outcome.causes.empty()) outcome.causes = find_causes(record_, first_);
    if (is_told_by_engine(outcome)) outcome.engine_lines = record_.engine_lines;
    outcome.engine = record_.engine;
    return outcome;
  }

 private:
  [[nodiscard]] Outcome choose() const {
    const auto loss = find_first_loss(record_, hosts_);
    const auto improper = find_improper_exit(record_, hosts_);
    if (record_.hang && !record_.stop_signal && !all_ended_by_themselves()) return hung();
    if (improper && !first_ && !record_.stop_signal) return left_early(*improper);
    if (first_ && ended_by_our_stop_signal(*first_)) return stopped();
    if (first_ && record_.started && loss && lost_before(*loss, *first_, record_)) return lost_first();
    if (first_) return failed(*first_);
    if (record_.stop_signal) return stopped();
    if (!record_.started) return not_started(loss.has_value());
    // Ranks that we stopped because of a loss may have ended with code 0. The job had not done its work all
    // the same.
    if (!all_ended_well() || record_.worker_loss || record_.engine_failure) return lost(starter_);
    return make_success();
  }

  // A scheduler that stops a job signals us and the ranks at once. Then the ranks have not failed.
  [[nodiscard]] bool ended_by_our_stop_signal(const FirstFailure& first) const {
    if (!record_.stop_signal || !first.end) return false;
    const auto* signaled = std::get_if<Signaled>(&first.end->status);
    return signaled != nullptr && signaled->signal == signal_for_ranks(*record_.stop_signal);
  }

  [[nodiscard]] bool all_ended_well() const {
    return std::all_of(record_.ranks.begin(), record_.ranks.end(),
                       [](const RankRecord& rank) { return rank.ended_well(); });
  }

  // Ranks that end well only when they are told to have hung all the same.
  [[nodiscard]] bool all_ended_by_themselves() const {
    return all_ended_well() && std::none_of(record_.ranks.begin(), record_.ranks.end(),
                                            [](const RankRecord& rank) { return rank.told_to_stop(); });
  }

  static bool is_told_by_engine(const Outcome& outcome) {
    return outcome.failure_class == FailureClass::start || outcome.failure_class == FailureClass::lost_host;
  }

  [[nodiscard]] std::string describe_engine() const {
    const std::string reason = find_mpirun_reason(record_.engine_lines);
    return describe(*record_.engine_failure) + (reason.empty() ? "" : ": " + reason);
  }

  [[nodiscard]] bool is_only_rank() const { return hosts_.size() == 1; }

  // The rank, or the program that stands for the ranks of its host.
  static std::string who(const FirstFailure& first, const std::string& starter) {
    return starter.empty() ? name_of(first.rank, first.host) : fmt::format("{} on {}", starter, first.host);
  }

  // The ranks that the report points at; all ranks, where it can tell none from the others.
  [[nodiscard]] FirstFailure first_of_hang(const std::vector<RankLook>& looks,
                                           const HangEvidence& evidence) const {
    std::vector<Rank> odd;
    if (evidence.sentence.empty()) odd = find_odd_ranks(looks);
    const bool is_by_evidence = odd.empty();
    if (odd.empty()) odd = evidence.pointed_at;
    if (odd.empty()) odd = find_odd_ranks(looks);
    if (odd.empty())
      for (const RankLook& look : looks) odd.push_back(look.rank);
    const auto look = std::find_if(looks.begin(), looks.end(),
                                   [&](const RankLook& each) { return each.rank == odd.front(); });
    FirstFailure first{.rank = odd.front(), .host = look->host};
    if (const auto entry = find_entry(record_, first.rank)) first.entry = *entry;
    if (!look->ended.empty()) {
      const RankRecord& rank = record_.ranks[first.entry];
      const StartedRank* started = find_started(record_, first.rank);
      first.end = rank.end;
      first.seconds = rank.times.seconds;
      if (started != nullptr && started->status) {
        first.end = RankEnd{.status = *started->status};
        first.seconds = started->seconds;
      }
    }
    first.certain = odd.size() == 1 && !(is_by_evidence && evidence.is_only_network);
    first.tied_with.assign(odd.begin() + 1, odd.end());
    return first;
  }

  [[nodiscard]] Outcome hung() const {
    std::vector<RankLook> looks = look_at_ranks(record_, hosts_, starter_);
    HangEvidence evidence = find_hang_evidence(looks);
    Outcome outcome =
        make_failure(FailureClass::hang,
                     fmt::format("the job hangs: {}; {}", describe_silence(*record_.hang, record_.progress),
                                 describe_standstill(looks, evidence)));
    outcome.first_failure = first_of_hang(looks, evidence);
    outcome.hang = std::move(looks);
    outcome.hang_evidence = std::move(evidence);
    outcome.hang_seconds = record_.hang->seconds;
    return outcome;
  }

  [[nodiscard]] Outcome left_early(const FirstFailure& first) const {
    Outcome outcome =
        make_failure(FailureClass::user_code, describe_improper_exit(who(first, starter_), first));
    outcome.causes = find_causes(record_, first);
    outcome.first_failure = first;
    return outcome;
  }

  [[nodiscard]] Outcome failed(const FirstFailure& first) const {
    Outcome outcome = rank_failed(with_ranks(first));
    const std::vector<EarlyLeaver> left = find_early_leavers(record_, *outcome.first_failure);
    if (left.empty()) return outcome;
    FirstFailure leaver = make_failure_of(record_, left.front(), hosts_);
    leaver.certain = left.size() == 1;
    std::vector<Rank> ranks;
    for (const EarlyLeaver& each : left) ranks.push_back(each.rank);
    outcome.message = describe_early_leave(who(leaver, left.front().is_started ? "" : starter_), leaver,
                                           ranks, outcome.message);
    outcome.causes = find_causes(record_, leaver);
    outcome.first_failure = std::move(leaver);
    return outcome;
  }

  // Its tied entries as ranks.
  [[nodiscard]] FirstFailure with_ranks(FirstFailure first) const {
    for (Rank& tied : first.tied_with) {
      const auto failed = record_.failed_of_starter ? find_failed_rank(record_, tied) : std::nullopt;
      tied = failed.value_or(first_rank_of_entry(record_, tied));
    }
    return first;
  }

  [[nodiscard]] Outcome rank_failed(const FirstFailure& first) const {
    if (record_.failed_of_starter)
      if (const auto rank = find_failed_rank(record_, first.entry))
        return rank_of_starter_failed(*rank, first);
    Outcome outcome;
    if (first.not_started) {
      outcome = make_failure(FailureClass::start, describe_not_started(who(first, starter_), first));
    } else {
      const auto of_torchrun =
          starter_ == torchrun ? find_starter_failure(*first.end) : std::optional<StarterFailure>();
      if (of_torchrun) return rank_of_torchrun_failed(*of_torchrun, first);
      outcome = make_user_code_failure(exit_code_of(first),
                                       describe_end(who(first, starter_), first, is_only_rank()));
    }
    outcome.first_failure = first;
    return outcome;
  }

  static int exit_code_of(const FirstFailure& first) {
    // We stopped it while it was failing. Its own exit code would have been Python's for an exception.
    const bool was_stopped = first.before_its_end && first.end->told_to_stop;
    return was_stopped ? 1 : shell_code(first.end->status);
  }

  // `first`: of the starter, which has the rank's end here.
  [[nodiscard]] Outcome rank_of_starter_failed(Rank rank, FirstFailure first) const {
    first.rank = rank;
    first.is_of_starter = false;
    for (const RankRecord& starter : record_.ranks)
      for (const auto& [other, known] : starter.of_starter) {
        if (!known.has_ended || known.told_to_stop || known.seconds >= first.seconds || other == rank)
          continue;
        if (known.status && succeeded(*known.status)) first.ended_first = false;
        // Nobody knows how, and this rank may have been ended for it.
        if (!known.status) first.tied_with.push_back(other);
      }
    first.certain = first.tied_with.empty();
    Outcome outcome =
        make_user_code_failure(exit_code_of(first), describe_end(name_of(rank, first.host), first, false));
    outcome.first_failure = std::move(first);
    return outcome;
  }

  [[nodiscard]] bool has_rank_of_starter_left_before(double seconds) const {
    for (const RankRecord& starter : record_.ranks)
      for (const auto& [rank, known] : starter.of_starter)
        if (known.status && succeeded(*known.status) && known.seconds < seconds) return true;
    return false;
  }

  [[nodiscard]] Outcome rank_of_torchrun_failed(const StarterFailure& failure, FirstFailure first) const {
    if (has_rank_of_starter_left_before(first.seconds)) first.ended_first = false;
    Outcome outcome =
        make_user_code_failure(shell_code(failure.status), describe_end(failure, first, is_only_rank()));
    first.rank = failure.rank;
    first.is_of_starter = false;
    first.end->status = failure.status;
    if (!failure.has_own_lines) {
      first.tied_with = failure.may_be_first;
      first.certain = first.tied_with.empty();
    }
    outcome.first_failure = std::move(first);
    return outcome;
  }

  // How the ranks ended when we were told to stop does not matter.
  [[nodiscard]] Outcome stopped() const {
    return make_stopped(*record_.stop_signal,
                        fmt::format("stopped by {}{}", signal_name(*record_.stop_signal),
                                    !record_.started   ? " before the ranks had started"
                                    : all_ended_well() ? "; every rank ended with code 0"
                                                       : ""));
  }

  [[nodiscard]] Outcome not_started(bool lost_a_rank) const {
    const auto& failure = record_.engine_failure;
    if (failure && std::holds_alternative<RankMisplaced>(*failure))
      return make_failure(FailureClass::start, describe(*failure));
    if (lost_a_rank || record_.worker_loss) {
      Outcome outcome = lost("");
      outcome.first_failure.reset();
      outcome.message = "the job could not be started: " + outcome.message;
      return outcome;
    }
    const std::string reason = find_mpirun_reason(record_.engine_lines);
    const std::string why = record_.start_timed_out ? "not every rank's agent came in time" +
                                                          (reason.empty() ? "" : ": " + reason)
                            : failure ? describe_engine()
                                      : "it ended before its ranks had started";
    // An mpirun that has ended for another reason has waited for nobody.
    const bool are_awaited = record_.start_timed_out || (failure && tells_of_daemons(reason));
    const std::string daemons =
        are_awaited ? describe_missing_daemons(record_.missing_daemons, record_.leader_host) : "";
    return make_failure(FailureClass::start, fmt::format("the job could not be started: {}{}", why,
                                                         daemons.empty() ? missing_ranks() : daemons));
  }

  [[nodiscard]] std::string missing_ranks() const {
    std::vector<Rank> missing;
    std::string first_host;
    for (const Rank each : record_.ranks.indices()) {
      if (record_.ranks[each].joined) continue;
      if (missing.empty()) first_host = hosts_[each];
      for (const Rank rank : ranks_of_entry(record_, each)) missing.push_back(rank);
    }
    if (missing.empty()) return "";
    return fmt::format("; never heard of: rank{} {} (first on {})", missing.size() == 1 ? "" : "s",
                       list_ranks(missing), first_host);
  }

  // Ranks that failed after the loss failed because of it.
  [[nodiscard]] Outcome lost_first() const {
    Outcome outcome = lost(starter_);
    outcome.causes = find_causes(record_, first_);
    for (const Rank each : record_.ranks.indices())
      if (failed_by_itself(record_.ranks[each])) outcome.causes[each] = Cause::collateral;
    return outcome;
  }

  [[nodiscard]] Outcome lost(const std::string& starter) const {
    if (const std::size_t silent = count_hosts_if_leader_is_cut_off(record_, hosts_); silent > 0) {
      Outcome outcome =
          make_failure(FailureClass::lost_host, describe_cut_off_leader(record_.leader_host, silent));
      outcome.first_failure = find_first_loss(record_, hosts_);
      return outcome;
    }
    const auto loss = find_loss_to_tell(record_, hosts_);
    Outcome outcome = make_failure(FailureClass::lost_host, describe_what_was_lost(loss, starter));
    outcome.hosts_at_fault = hosts_of_losses(record_, hosts_);
    if (const std::string daemon = lost_daemon(loss); !daemon.empty()) outcome.hosts_at_fault = {daemon};
    outcome.first_failure = record_.worker_loss ? first_of_host(record_.worker_loss->host) : loss;
    return outcome;
  }

  // The lowest rank of a host that was lost, or nothing where the host runs no rank.
  [[nodiscard]] std::optional<FirstFailure> first_of_host(const std::string& host) const {
    for (const Rank each : hosts_.indices()) {
      if (hosts_[each] != host) continue;
      FirstFailure first = make_failure_of(record_, each, hosts_);
      first.end.reset();
      return first;
    }
    return {};
  }

  // Where only mpirun has ended ranks: the host whose daemon mpirun says it has lost.
  [[nodiscard]] std::string lost_daemon(const std::optional<FirstFailure>& loss) const {
    const bool by_mpirun =
        !record_.worker_loss && loss && record_.ranks[loss->entry].is_lost_by<EndedByOthers>();
    return by_mpirun ? find_lost_daemon(record_.engine_lines) : "";
  }

  [[nodiscard]] std::string describe_what_was_lost(const std::optional<FirstFailure>& loss,
                                                   const std::string& starter) const {
    if (record_.worker_loss) return describe_host_loss(record_.worker_loss->host, record_.worker_loss->loss);
    const std::string engine = record_.engine_failure ? describe_engine() : "";
    if (!loss) return engine;
    if (const std::string daemon = lost_daemon(loss); !daemon.empty()) return describe_lost_daemon(daemon);
    const RankLoss& why = *record_.ranks[loss->entry].loss;
    // An agent that mpirun has ended tells nothing about the cause.
    const bool engine_first = record_.engine_failure && (record_.engine_seconds < loss->seconds ||
                                                         std::holds_alternative<EndedByOthers>(why));
    if (engine_first && !std::holds_alternative<OutlivedKill>(why)) return engine;
    return describe_loss(who(*loss, starter), *loss, why);
  }

  const JobRecord& record_;
  const RankHosts& hosts_;
  const std::string& starter_;
  std::optional<FirstFailure> first_;
};

}  // namespace

Outcome decide_outcome(const JobRecord& record, const RankHosts& hosts, const std::string& starter) {
  if (!record.failed_of_starter) return Decision(record, hosts, starter).decide();
  Outcome outcome = Decision(make_record_of_ranks(record), hosts, starter).decide();
  outcome.end_seconds = find_end(record);
  return outcome;
}

}  // namespace smlaunch
