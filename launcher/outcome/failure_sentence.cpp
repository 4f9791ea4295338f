// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/failure_sentence.hpp"

#include <fmt/format.h>

#include <csignal>

#include "base/host_list.hpp"
#include "launcher/evidence/failure_reason.hpp"

namespace smlaunch {

namespace {

// Only the kernel's own count tells a SIGKILL for lack of memory from another SIGKILL, and only if it rose
// just then.
std::string memory_words(const RankEnd& end) {
  if (end.oom_kills + end.earlier_oom_kills == 0) return "";
  if (end.oom_kills > 0 && shell_code(end.status) == shell_code(Signaled{SIGKILL, false}))
    return ": out of memory: the kernel killed it";
  return fmt::format(": the kernel had killed a process of its container for lack of memory{}",
                     end.oom_kills > 0 ? "" : " earlier");
}

std::string plural_of_tied(const FirstFailure& first) {
  return fmt::format("rank{} {}", first.tied_with.size() == 1 ? "" : "s", list_ranks(first.tied_with));
}

// Somebody ended it from outside. Then its last words do not tell the reason.
bool was_ended_from_outside(const ExitStatus& status) {
  const auto* signaled = std::get_if<Signaled>(&status);
  return signaled != nullptr && (signaled->signal == SIGKILL || signaled->signal == SIGTERM ||
                                 signaled->signal == SIGINT || signaled->signal == SIGHUP);
}

// ": ValueError: no", "; its last words: loading", or nothing.
std::string reason_words(const ExitStatus& status, const std::optional<Reason>& reason) {
  if (!reason) return "";
  if (reason->is_error) return ": " + reason->text;
  return was_ended_from_outside(status) ? "" : "; its last words: " + reason->text;
}

// "exited with code 3 2.0 s after the start, before any other". `verb`: how it ended; not used for a rank
// that failed before its end. `reason`: words that join the sentence, or empty.
std::string end_words(const FirstFailure& first, const std::string& verb, bool is_only_rank,
                      const std::string& reason) {
  if (first.before_its_end)
    return fmt::format(
        "failed {:.1f} s after the start: {}; {} ended before it, but only because a peer was gone",
        first.seconds, first.reason().value_or("it had a traceback"), plural_of_tied(first));
  std::string words = fmt::format("{} {:.1f} s after the start", verb, first.seconds);
  if (!first.certain)
    words += fmt::format("; {} failed within the clock's error of it, and may have been first",
                         plural_of_tied(first));
  else if (!is_only_rank)
    words += first.ended_first ? ", before any other" : ", the first to fail";
  return words + memory_words(*first.end) + reason;
}

// For lines without a rank: an exception belongs to one of the ranks that exited, other words to the only
// rank that failed.
std::string reason_of_starter(const StarterFailure& failure, const std::optional<Reason>& reason) {
  if (!reason) return "";
  const bool is_python = reason->is_traceback;
  const bool is_the_ranks = failure.has_own_lines || (!is_python && failure.may_be_first.empty()) ||
                            failure.exited == std::vector<Rank>{failure.rank};
  if (is_the_ranks) return reason_words(failure.status, reason);
  if (!is_python) return fmt::format("; one of its ranks said: {}", reason->text);
  if (failure.exited.empty()) return "";
  if (failure.exited.size() == 1)
    return fmt::format("; rank {} had {}", failure.exited.front().value, reason->text);
  std::string ranks;
  for (const Rank rank : failure.exited) ranks += fmt::format("{}{}", ranks.empty() ? "" : ", ", rank.value);
  return fmt::format("; one of the ranks {} had {}", ranks, reason->text);
}

}  // namespace

std::string name_of(Rank rank, const std::string& host) {
  return fmt::format("rank {} on {}", rank.value, host);
}

std::string name_culprit(const FirstFailure& first, const std::string& starter) {
  return starter.empty() ? name_of(first.rank, first.host) : fmt::format("{} on {}", starter, first.host);
}

std::string list_ranks(const std::vector<Rank>& ranks) {
  std::string text;
  constexpr std::size_t most = 8;
  for (std::size_t i = 0; i < ranks.size() && i < most; ++i)
    text += fmt::format("{}{}", i == 0 ? "" : ", ", ranks[i].value);
  if (ranks.size() > most) text += fmt::format(" and {} more", ranks.size() - most);
  return text;
}

std::string describe_end(const std::string& who, const FirstFailure& first, bool is_only_rank) {
  const ExitStatus& status = first.end->status;
  return fmt::format("{} {}", who,
                     end_words(first, to_string(status), is_only_rank,
                               reason_words(status, find_reason(first.end->last_lines))));
}

std::string describe_end(const StarterFailure& failure, const FirstFailure& torchrun, bool is_only_rank) {
  const std::string instead = failure.named_instead
                                  ? fmt::format(" (it names rank {} first, which had only lost its peer)",
                                                failure.named_instead->value)
                                  : std::string();
  const std::string reason = reason_of_starter(failure, find_reason(torchrun.end->last_lines));
  return fmt::format("{} {}, says torchrun{}, which {}", name_of(failure.rank, torchrun.host),
                     to_string(failure.status), instead, end_words(torchrun, "ended", is_only_rank, reason));
}

std::string describe_early_leave(const std::string& who, const FirstFailure& leaver,
                                 const std::vector<Rank>& left, const std::string& failure) {
  std::string others;
  if (left.size() > 1)
    others = fmt::format(" (as did rank{} {} after it)", left.size() == 2 ? "" : "s",
                         list_ranks({left.begin() + 1, left.end()}));
  return fmt::format("{} ended with code 0 {:.1f} s after the start, while others still ran{}; then {}", who,
                     leaver.seconds, others, failure);
}

std::string describe_not_started(const std::string& who, const FirstFailure& first) {
  return fmt::format("{} could not be started: {}", who, *first.not_started);
}

std::string describe_improper_exit(const std::string& who, const FirstFailure& first) {
  return fmt::format(
      "{} ended {:.1f} s after the start without MPI_Finalize (or never called MPI_Init), while others "
      "needed it: mpirun ended the job",
      who, first.seconds);
}

std::string describe_loss(const std::string& who, const FirstFailure& lost, const RankLoss& why) {
  // Nobody knows when a rank that outlives our SIGKILL was lost.
  const std::string when = std::holds_alternative<OutlivedKill>(why)
                               ? std::string()
                               : fmt::format(" {:.1f} s after the start", lost.seconds);
  return fmt::format("{} was lost{}: {}", who, when, describe(why));
}

std::string describe_lost_daemon(const std::string& host) {
  return fmt::format("mpirun's daemon on {} (orted, prted) was lost, and mpirun ended the job", host);
}

std::string describe_missing_daemons(const std::vector<std::string>& hosts, const std::string& leader) {
  if (hosts.empty()) return "";
  const bool is_one = hosts.size() == 1;
  return fmt::format(
      "; mpirun's daemon{} on {} {} not connected to mpirun on {}: {} failed, or a firewall stands between "
      "them",
      is_one ? "" : "s", join_names(hosts), is_one ? "has" : "have", leader, is_one ? "it" : "they");
}

std::string describe_cut_off_leader(const std::string& leader, std::size_t hosts) {
  return fmt::format(
      "no other host answers {}, which leads the job: all {} fell silent; its own network may be cut", leader,
      hosts);
}

std::string describe_host_loss(const std::string& host, const HostLoss& why) {
  return fmt::format("{} was lost: {}", host, describe(why));
}

}  // namespace smlaunch
