// SPDX-License-Identifier: Apache-2.0
// The first of these that holds decides how the job ended: it hung; mpirun blames a rank for leaving early;
// a host was lost before anything failed; a rank failed, by itself or because another had left; we were told
// to stop; the job never started; a rank, a host or the engine was lost.
#include "launcher/outcome/decide_outcome.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "launcher/outcome/device_evidence.hpp"
#include "launcher/outcome/early_leavers.hpp"
#include "launcher/outcome/failure_sentence.hpp"
#include "launcher/outcome/hang_outcome.hpp"
#include "launcher/outcome/job_steps.hpp"
#include "launcher/outcome/loss_outcome.hpp"
#include "launcher/outcome/record_entries.hpp"
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
    if (record_.hang && !record_.stop_signal && !all_ended_by_themselves())
      return make_hang(record_, hosts_, starter_);
    if (improper && !first_ && !record_.stop_signal) return left_early(*improper);
    if (first_ && ended_by_our_stop_signal(*first_)) return stopped();
    if (first_ && record_.started && loss && lost_before(*loss, *first_, record_)) return lost_first();
    if (first_) return failed(*first_);
    if (record_.stop_signal) return stopped();
    if (!record_.started) return make_not_started(record_, hosts_);
    // Ranks that we stopped because of a loss may have ended with code 0. The job had not done its work all
    // the same.
    if (!all_ended_well() || record_.worker_loss || record_.engine_failure)
      return make_loss(record_, hosts_, starter_);
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

  [[nodiscard]] bool is_only_rank() const { return hosts_.size() == 1; }

  [[nodiscard]] Outcome left_early(const FirstFailure& first) const {
    Outcome outcome =
        make_failure(FailureClass::user_code, describe_improper_exit(name_culprit(first, starter_), first));
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
    outcome.message = describe_early_leave(name_culprit(leaver, left.front().is_started ? "" : starter_),
                                           leaver, ranks, outcome.message);
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
      outcome = make_failure(FailureClass::start, describe_not_started(name_culprit(first, starter_), first));
    } else {
      const auto of_torchrun =
          starter_ == torchrun ? find_starter_failure(*first.end) : std::optional<StarterFailure>();
      if (of_torchrun) return rank_of_torchrun_failed(*of_torchrun, first);
      outcome = make_user_code_failure(exit_code_of(first),
                                       describe_end(name_culprit(first, starter_), first, is_only_rank()));
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

  // Ranks that failed after the loss failed because of it.
  [[nodiscard]] Outcome lost_first() const {
    Outcome outcome = make_loss(record_, hosts_, starter_);
    outcome.causes = find_causes(record_, first_);
    for (const Rank each : record_.ranks.indices())
      if (failed_by_itself(record_.ranks[each])) outcome.causes[each] = Cause::collateral;
    return outcome;
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
