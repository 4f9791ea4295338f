// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/failure_sentence.hpp"

#include <fmt/format.h>

#include <csignal>

#include "launcher/evidence/python_traceback.hpp"

namespace smlaunch {

namespace {

// Only the kernel's own count tells a SIGKILL for lack of memory from any other, and only where it rose just
// then.
std::string memory_words(const RankEnd& end) {
  if (end.oom_kills + end.earlier_oom_kills == 0) return "";
  if (end.oom_kills > 0 && shell_code(end.status) == 128 + SIGKILL)
    return ": out of memory: the kernel killed it";
  return fmt::format(": the kernel had killed a process of its container for lack of memory{}",
                     end.oom_kills > 0 ? "" : " earlier");
}

std::string plural_of_tied(const FirstFailure& first) {
  return fmt::format("rank{} {}", first.tied_with.size() == 1 ? "" : "s", list_ranks(first.tied_with));
}

// "exited with code 3 2.0 s after the start, before any other". `verb`: how it ended, but for a rank that
// failed before its end. `exception`: in words that join the sentence, or empty.
std::string end_words(const FirstFailure& first, const std::string& verb, bool is_only_rank,
                      const std::string& exception) {
  if (first.before_its_end)
    return fmt::format(
        "failed {:.1f} s after the start: {}; {} ended before it, but only because a peer was gone",
        first.seconds, find_python_exception(first.end->last_lines).value_or("it had a traceback"),
        plural_of_tied(first));
  std::string words = fmt::format("{} {:.1f} s after the start", verb, first.seconds);
  if (!first.certain)
    words += fmt::format("; {} failed within the clock's error of it, and may have been first",
                         plural_of_tied(first));
  else if (!is_only_rank)
    words += ", before any other";
  return words + memory_words(*first.end) + exception;
}

// Of lines that are nobody's: an exception is one of those that the ranks had which exited.
std::string exception_of_starter(const StarterFailure& failure, const std::string& exception) {
  if (failure.has_own_lines) return ": " + exception;
  if (failure.exited.empty()) return "";
  if (failure.exited.size() > 1) {
    std::string ranks;
    for (const Rank rank : failure.exited)
      ranks += fmt::format("{}{}", ranks.empty() ? "" : ", ", rank.value);
    return fmt::format("; one of the ranks {} had {}", ranks, exception);
  }
  const Rank only = failure.exited.front();
  return only == failure.rank ? ": " + exception : fmt::format("; rank {} had {}", only.value, exception);
}

}  // namespace

std::string name_of(Rank rank, const std::string& host) {
  return fmt::format("rank {} on {}", rank.value, host);
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
  const auto exception = find_python_exception(first.end->last_lines);
  return fmt::format("{} {}", who,
                     end_words(first, to_string(first.end->status), is_only_rank,
                               exception ? ": " + *exception : std::string()));
}

std::string describe_end(const StarterFailure& failure, const FirstFailure& torchrun, bool is_only_rank) {
  const auto exception = find_python_exception(torchrun.end->last_lines);
  const std::string instead = failure.named_instead
                                  ? fmt::format(" (it names rank {} first, which had only lost its peer)",
                                                failure.named_instead->value)
                                  : std::string();
  return fmt::format("{} {}, says torchrun{}, which {}", name_of(failure.rank, torchrun.host),
                     to_string(failure.status), instead,
                     end_words(torchrun, "ended", is_only_rank,
                               exception ? exception_of_starter(failure, *exception) : std::string()));
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
  // When one that outlives our SIGKILL was lost, nobody knows.
  const std::string when = std::holds_alternative<OutlivedKill>(why)
                               ? std::string()
                               : fmt::format(" {:.1f} s after the start", lost.seconds);
  return fmt::format("{} was lost{}: {}", who, when, describe(why));
}

std::string describe_host_loss(const std::string& host, const HostLoss& why) {
  return fmt::format("{} was lost: {}", host, describe(why));
}

}  // namespace smlaunch
