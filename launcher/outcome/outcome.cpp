// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/outcome.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <string_view>

#include "launcher/evidence/peer_loss.hpp"
#include "launcher/evidence/python_traceback.hpp"
#include "launcher/inspect/hang_report.hpp"

namespace smlaunch {

namespace {

// Two ends on one clock, nearer than this, may have been noticed in either order: the kernel wakes an agent
// when it has a processor for it.
constexpr double wake_up_uncertainty = 0.02;

bool failed_by_itself(const RankRecord& rank) {
  return !rank.not_started.empty() || (rank.status && !succeeded(*rank.status) && !rank.told_to_stop);
}

std::string name_of(Rank rank, const std::vector<std::string>& hosts) {
  return fmt::format("rank {} on {}", rank.value, hosts[static_cast<std::size_t>(rank.value)]);
}

std::string list_ranks(const std::vector<Rank>& ranks) {
  std::string text;
  constexpr std::size_t most = 8;
  for (std::size_t i = 0; i < ranks.size() && i < most; ++i)
    text += fmt::format("{}{}", i == 0 ? "" : ", ", ranks[i].value);
  if (ranks.size() > most) text += fmt::format(" and {} more", ranks.size() - most);
  return text;
}

// A rank that fails may take a while to end, and the ranks that talk to it notice and end before: then its
// traceback came first. Older ones than this were survived.
constexpr double oldest_traceback = 60;

// Where the first to end only says that its peer was gone: who had a traceback of its own before that.
std::optional<std::size_t> find_earlier_traceback(const JobRecord& record, const FirstFailure& first,
                                                  double uncertainty) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < record.ranks.size(); ++i) {
    const RankRecord& rank = record.ranks[i];
    if (!rank.traceback_seconds || !rank.status || succeeded(*rank.status)) continue;
    const double before = first.seconds + uncertainty + rank.uncertainty - *rank.traceback_seconds;
    if (before < 0 || before > oldest_traceback || blames_peer(rank.last_lines)) continue;
    if (!find_python_exception(rank.last_lines)) continue;
    if (!found || *rank.traceback_seconds < *record.ranks[*found].traceback_seconds) found = i;
  }
  return found;
}

// The earliest end among those that failed by themselves, and who may have been before it after all.
std::optional<FirstFailure> find_first_failure(const JobRecord& record,
                                               const std::vector<std::string>& hosts) {
  std::optional<FirstFailure> first;
  double uncertainty = 0;
  for (std::size_t i = 0; i < record.ranks.size(); ++i) {
    const RankRecord& rank = record.ranks[i];
    if (!failed_by_itself(rank) || (first && first->seconds <= rank.seconds)) continue;
    first = FirstFailure{Rank{static_cast<int>(i)}, hosts[i], rank.status, rank.seconds,
                         rank.last_lines,           true,     {}};
    if (!rank.not_started.empty()) first->last_lines = {rank.not_started};
    uncertainty = rank.uncertainty;
  }
  if (!first) return first;
  for (std::size_t i = 0; i < record.ranks.size(); ++i) {
    const RankRecord& rank = record.ranks[i];
    if (static_cast<int>(i) == first->rank.value || !failed_by_itself(rank)) continue;
    const double bound = wake_up_uncertainty + uncertainty + rank.uncertainty;
    if (rank.seconds - first->seconds <= bound) first->tied_with.push_back(Rank{static_cast<int>(i)});
  }
  first->certain = first->tied_with.empty();
  if (!blames_peer(first->last_lines)) return first;
  // Of those that the clocks cannot tell apart, one that has a reason of its own comes before one that only
  // lost its peer.
  const Rank ended_first = first->rank;
  std::optional<std::size_t> cause;
  for (const Rank rank : first->tied_with) {
    const auto i = static_cast<std::size_t>(rank.value);
    if (!cause && !blames_peer(record.ranks[i].last_lines)) cause = i;
  }
  const bool by_traceback = !cause;
  if (by_traceback) cause = find_earlier_traceback(record, *first, uncertainty);
  if (!cause || static_cast<int>(*cause) == ended_first.value) return first;
  const RankRecord& rank = record.ranks[*cause];
  std::vector<Rank> tied = {ended_first};
  for (const Rank each : first->tied_with)
    if (each.value != static_cast<int>(*cause)) tied.push_back(each);
  first = FirstFailure{Rank{static_cast<int>(*cause)},
                       hosts[*cause],
                       rank.status,
                       by_traceback ? *rank.traceback_seconds : rank.seconds,
                       rank.last_lines,
                       false,
                       tied};
  first->before_its_end = by_traceback;
  return first;
}

// An abort is how a library ends its process when a collective cannot go on.
bool died_of_peer(const RankRecord& rank) {
  const auto* signaled = rank.status ? std::get_if<Signaled>(&*rank.status) : nullptr;
  const bool aborted = signaled != nullptr && (signaled->signal == SIGABRT || signaled->signal == SIGPIPE);
  return aborted || blames_peer(rank.last_lines);
}

std::vector<Cause> find_causes(const JobRecord& record, const std::optional<FirstFailure>& first) {
  std::vector<Cause> causes;
  for (std::size_t i = 0; i < record.ranks.size(); ++i) {
    const RankRecord& rank = record.ranks[i];
    Cause cause = Cause::own;
    const bool is_first = first && first->rank.value == static_cast<int>(i);
    const bool was_never_run = !record.started && record.stop_signal.has_value();
    if ((rank.told_to_stop || was_never_run) && !is_first)
      cause = Cause::stopped_by_us;
    else if (first && !is_first && failed_by_itself(rank) && rank.seconds >= first->seconds &&
             died_of_peer(rank))
      cause = Cause::collateral;
    causes.push_back(cause);
  }
  return causes;
}

std::string missing_ranks(const JobRecord& record, const std::vector<std::string>& hosts) {
  std::vector<Rank> missing;
  for (std::size_t i = 0; i < record.ranks.size(); ++i)
    if (!record.ranks[i].joined) missing.push_back(Rank{static_cast<int>(i)});
  if (missing.empty()) return "";
  return fmt::format("; never heard of: rank{} {} (first on {})", missing.size() == 1 ? "" : "s",
                     list_ranks(missing), hosts[static_cast<std::size_t>(missing.front().value)]);
}

// Only the kernel's own count tells a SIGKILL for lack of memory from any other, and only where it rose just
// then.
std::string memory_words(const RankRecord& record) {
  if (!record.status || record.oom_kills + record.earlier_oom_kills == 0) return "";
  if (record.oom_kills > 0 && shell_code(*record.status) == 128 + SIGKILL)
    return ": out of memory: the kernel killed it";
  return fmt::format(": the kernel had killed a process of its container for lack of memory{}",
                     record.oom_kills > 0 ? "" : " earlier");
}

std::string message_of(const FirstFailure& first, const RankRecord& record,
                       const std::vector<std::string>& hosts) {
  if (!record.not_started.empty())
    return fmt::format("{} could not be started: {}", name_of(first.rank, hosts), record.not_started);
  std::string message = fmt::format("{} {} {:.1f} s after the start", name_of(first.rank, hosts),
                                    to_string(*first.status), first.seconds);
  message += hosts.size() == 1 ? "" : ", before any other";
  if (first.before_its_end)
    return fmt::format(
        "{} failed {:.1f} s after the start: {}; rank{} {} ended before it, but only because a peer was gone",
        name_of(first.rank, hosts), first.seconds,
        find_python_exception(first.last_lines).value_or("it had a traceback"),
        first.tied_with.size() == 1 ? "" : "s", list_ranks(first.tied_with));
  if (!first.certain)
    message = fmt::format(
        "{} {} {:.1f} s after the start; rank{} {} failed within the clock's error of it, and may have been "
        "first",
        name_of(first.rank, hosts), to_string(*first.status), first.seconds,
        first.tied_with.size() == 1 ? "" : "s", list_ranks(first.tied_with));
  message += memory_words(record);
  if (const auto exception = find_python_exception(first.last_lines))
    message += fmt::format(": {}", *exception);
  return message;
}

// A host that vanishes makes other ranks fail; it was heard last before they did. Its own last word may be as
// old as the interval between two.
constexpr double heard_interval = 1.0;

std::optional<FirstFailure> find_first_loss(const JobRecord& record, const std::vector<std::string>& hosts) {
  std::optional<FirstFailure> first;
  for (std::size_t i = 0; i < record.ranks.size(); ++i) {
    const RankRecord& rank = record.ranks[i];
    // One that outlives our SIGKILL was there when whatever made us send it happened.
    if (rank.lost.empty() || rank.outlived_kill || (first && first->seconds <= rank.seconds)) continue;
    first = FirstFailure{Rank{static_cast<int>(i)}, hosts[i], {}, rank.seconds, {}, true, {}};
  }
  return first;
}

bool lost_before(const FirstFailure& loss, const FirstFailure& failure, const JobRecord& record) {
  const RankRecord& failed = record.ranks[static_cast<std::size_t>(failure.rank.value)];
  const double room = died_of_peer(failed) ? heard_interval : failed.uncertainty;
  return loss.seconds <= failure.seconds + room;
}

// mpirun's word about a rank that left without MPI_Finalize: "… due to process rank 1 with PID 0 on node
// algo-2 exiting improperly" (4), "… rank 1 … exited without calling finalize" (5).
std::optional<Rank> find_improper_exit(const std::vector<std::string>& engine_lines, std::size_t ranks) {
  std::string text;
  for (const std::string& line : engine_lines) text += line + " ";
  const bool improper = text.find("exiting improperly") != std::string::npos ||
                        text.find("without calling finalize") != std::string::npos;
  constexpr std::string_view name = "process rank ";
  const std::size_t at = text.find(name);
  if (!improper || at == std::string::npos) return {};
  std::size_t rank = 0;
  const char* begin = text.data() + at + name.size();
  if (std::from_chars(begin, text.data() + text.size(), rank).ec != std::errc() || rank >= ranks) return {};
  return Rank{static_cast<int>(rank)};
}

// mpirun that misses a host ends the agents of all others; the one that is gone is the one that stays silent.
std::optional<FirstFailure> find_silent_after_kill(const JobRecord& record,
                                                   const std::vector<std::string>& hosts) {
  for (std::size_t i = 0; i < record.ranks.size(); ++i)
    if (record.ranks[i].outlived_kill)
      return FirstFailure{Rank{static_cast<int>(i)}, hosts[i], {}, record.ranks[i].seconds, {}, true, {}};
  return {};
}

bool is_only_ended_by_others(const JobRecord& record, const std::optional<FirstFailure>& loss) {
  return !loss || record.ranks[static_cast<std::size_t>(loss->rank.value)].ended_by_others;
}

// Hosts that may not be there, or not be sound, when the job is tried again.
std::vector<std::string> hosts_of_losses(const JobRecord& record, const std::vector<std::string>& hosts) {
  std::vector<std::string> found;
  const auto add = [&](const std::string& host) {
    if (std::find(found.begin(), found.end(), host) == found.end()) found.push_back(host);
  };
  for (const bool ended_by_others : {false, true}) {
    for (std::size_t i = 0; i < record.ranks.size(); ++i)
      if (!record.ranks[i].lost.empty() && record.ranks[i].ended_by_others == ended_by_others) add(hosts[i]);
    if (!found.empty()) break;
  }
  if (!record.lost_worker.empty()) add(record.lost_worker);
  return found;
}

void set_lost(Outcome& outcome, const JobRecord& record, std::optional<FirstFailure> loss,
              const std::vector<std::string>& hosts) {
  if (is_only_ended_by_others(record, loss))
    if (auto silent = find_silent_after_kill(record, hosts)) loss = std::move(silent);
  outcome.kind = OutcomeKind::failure;
  outcome.failure_class = FailureClass::lost_host;
  outcome.exit_code = exit_codes::lost;
  outcome.first_failure = loss;
  outcome.hosts_at_fault = hosts_of_losses(record, hosts);
  const bool engine_first =
      !record.engine_failure.empty() && (!loss || record.engine_seconds < loss->seconds);
  if (!record.worker_loss.empty())
    outcome.message = record.worker_loss;
  else if (loss && record.ranks[static_cast<std::size_t>(loss->rank.value)].outlived_kill)
    outcome.message = fmt::format("{} was lost: {}", name_of(loss->rank, hosts),
                                  record.ranks[static_cast<std::size_t>(loss->rank.value)].lost);
  else if (loss && !engine_first)
    outcome.message =
        fmt::format("{} was lost {:.1f} s after the start: {}", name_of(loss->rank, hosts), loss->seconds,
                    record.ranks[static_cast<std::size_t>(loss->rank.value)].lost);
  else
    outcome.message = record.engine_failure;
}

void set_hang(Outcome& outcome, const JobRecord& record, const std::vector<std::string>& hosts) {
  outcome.kind = OutcomeKind::failure;
  outcome.failure_class = FailureClass::lost_host;
  outcome.exit_code = exit_codes::lost;
  outcome.first_failure.reset();
  for (std::size_t i = 0; i < record.ranks.size(); ++i)
    outcome.hang.push_back(
        {Rank{static_cast<int>(i)}, hosts[i], record.ranks[i].state, record.ranks[i].cores_used});
  outcome.message = fmt::format("the job hangs: no rank has printed anything for {:.0f} s; {}",
                                *record.hang_seconds, describe_hang(outcome.hang));
}

}  // namespace

std::string to_string(OutcomeKind kind) {
  switch (kind) {
    case OutcomeKind::success: return "success";
    case OutcomeKind::failure: return "failure";
    case OutcomeKind::stopped: return "stopped";
  }
  return "failure";
}

std::string to_string(FailureClass failure_class) {
  switch (failure_class) {
    case FailureClass::none: return "";
    case FailureClass::user_code: return "user_code";
    case FailureClass::not_ready: return "not_ready";
    case FailureClass::smoke: return "smoke";
    case FailureClass::lost_host: return "lost_host";
    case FailureClass::configuration: return "configuration";
    case FailureClass::start: return "start";
    case FailureClass::internal: return "internal";
    case FailureClass::install_module: return "InstallModuleError";
    case FailureClass::install_requirements: return "InstallRequirementsError";
  }
  return "internal";
}

FailureClass parse_failure_class(const std::string& text) {
  for (const FailureClass each :
       {FailureClass::none, FailureClass::user_code, FailureClass::not_ready, FailureClass::smoke,
        FailureClass::lost_host, FailureClass::configuration, FailureClass::start,
        FailureClass::install_module, FailureClass::install_requirements})
    if (to_string(each) == text) return each;
  return FailureClass::internal;
}

std::string to_string(Cause cause) {
  switch (cause) {
    case Cause::own: return "own";
    case Cause::stopped_by_us: return "stopped_by_us";
    case Cause::collateral: return "collateral";
  }
  return "own";
}

Outcome decide_outcome(const JobRecord& record, const std::vector<std::string>& hosts) {
  Outcome outcome;
  outcome.stop_was_asked = record.stop_signal.has_value();
  outcome.first_failure = find_first_failure(record, hosts);
  outcome.causes = find_causes(record, outcome.first_failure);
  const auto loss = find_first_loss(record, hosts);
  const bool all_succeeded = std::all_of(
      record.ranks.begin(), record.ranks.end(),
      [](const RankRecord& rank) { return rank.status && succeeded(*rank.status) && rank.lost.empty(); });

  // Those that end well when they are told to had hung all the same.
  const bool all_ended_by_themselves =
      all_succeeded && std::none_of(record.ranks.begin(), record.ranks.end(),
                                    [](const RankRecord& rank) { return rank.told_to_stop; });
  if (record.hang_seconds && !record.stop_signal && !all_ended_by_themselves) {
    set_hang(outcome, record, hosts);
    return outcome;
  }
  if (const auto rank = find_improper_exit(record.engine_lines, record.ranks.size());
      rank && !outcome.first_failure && !record.stop_signal) {
    const RankRecord& left = record.ranks[static_cast<std::size_t>(rank->value)];
    outcome.kind = OutcomeKind::failure;
    outcome.failure_class = FailureClass::user_code;
    outcome.exit_code = 1;
    outcome.first_failure = FirstFailure{*rank,
                                         hosts[static_cast<std::size_t>(rank->value)],
                                         left.status,
                                         left.seconds,
                                         left.last_lines,
                                         true,
                                         {},
                                         false};
    outcome.causes = find_causes(record, outcome.first_failure);
    outcome.message = fmt::format(
        "{} ended {:.1f} s after the start without MPI_Finalize (or never called MPI_Init), while others "
        "needed it: "
        "mpirun ended the job",
        name_of(*rank, hosts), left.seconds);
    return outcome;
  }
  const bool lost_first =
      outcome.first_failure && record.started && loss && lost_before(*loss, *outcome.first_failure, record);
  if (lost_first) {
    for (std::size_t i = 0; i < record.ranks.size(); ++i)
      if (failed_by_itself(record.ranks[i])) outcome.causes[i] = Cause::collateral;
    set_lost(outcome, record, loss, hosts);
    return outcome;
  }
  if (outcome.first_failure) {
    const RankRecord& rank = record.ranks[static_cast<std::size_t>(outcome.first_failure->rank.value)];
    outcome.kind = OutcomeKind::failure;
    outcome.failure_class = rank.not_started.empty() ? FailureClass::user_code : FailureClass::start;
    outcome.exit_code = rank.not_started.empty() ? shell_code(*rank.status) : exit_codes::start;
    // We stopped it while it was failing: its own code would have been Python's for an exception.
    if (outcome.first_failure->before_its_end && rank.told_to_stop) outcome.exit_code = 1;
    outcome.message = message_of(*outcome.first_failure, rank, hosts);
    return outcome;
  }
  // Told to stop: how the ranks ended then does not matter.
  if (record.stop_signal) {
    outcome.kind = OutcomeKind::stopped;
    outcome.exit_code = 128 + *record.stop_signal;
    outcome.message = fmt::format("stopped by {}{}", signal_name(*record.stop_signal),
                                  !record.started ? " before the ranks had started"
                                  : all_succeeded ? "; every rank ended with code 0"
                                                  : "");
    return outcome;
  }
  if (!record.started && (loss || !record.worker_loss.empty())) {
    set_lost(outcome, record, loss, hosts);
    outcome.first_failure.reset();
    outcome.message = "the job could not be started: " + outcome.message;
    return outcome;
  }
  if (!record.started) {
    outcome.kind = OutcomeKind::failure;
    outcome.failure_class = FailureClass::start;
    outcome.exit_code = exit_codes::start;
    const std::string why = record.start_timed_out           ? "not every rank's agent came in time"
                            : !record.engine_failure.empty() ? record.engine_failure
                                                             : "it ended before its ranks had started";
    outcome.message = fmt::format("the job could not be started: {}{}", why, missing_ranks(record, hosts));
    return outcome;
  }
  // Ranks that we stopped because of a loss may have ended with code 0: the job was not done all the same.
  const bool lost_something = !record.worker_loss.empty() || !record.engine_failure.empty();
  if (!all_succeeded || lost_something) set_lost(outcome, record, loss, hosts);
  return outcome;
}

Outcome failed_by_smoke(const SmokeReport& report) {
  Outcome outcome;
  outcome.kind = OutcomeKind::failure;
  outcome.failure_class = FailureClass::smoke;
  outcome.exit_code = exit_codes::smoke;
  outcome.hosts_at_fault = report.bad_hosts();
  outcome.message = fmt::format(
      "the smoke test {}{} ({}): {}", report.verdict == SmokeVerdict::not_run ? "could not be run" : "failed",
      report.injected.empty() ? "" : fmt::format(", with {} injected", report.injected), report.evidence,
      report.reason);
  return outcome;
}

Outcome lost_before_start(const std::string& host, const std::string& reason) {
  Outcome outcome;
  outcome.kind = OutcomeKind::failure;
  outcome.failure_class = FailureClass::lost_host;
  outcome.exit_code = exit_codes::lost;
  outcome.hosts_at_fault = {host};
  outcome.message = fmt::format("the job could not be started: {} was lost: {}", host, reason);
  return outcome;
}

}  // namespace smlaunch
