// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/starter_outcome.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <csignal>
#include <string_view>

#include "launcher/evidence/python_traceback.hpp"
#include "launcher/evidence/torchrun_failure.hpp"

namespace smlaunch {

namespace {

// Of lines that are nobody's: an exception is one of those that the ranks had which exited.
std::string words_of_exception(const std::vector<TorchrunFailure>& failures, int named,
                               const std::string& exception) {
  std::vector<int> exited;
  for (const TorchrunFailure& each : failures)
    if (std::holds_alternative<Exited>(each.status)) exited.push_back(each.rank);
  std::sort(exited.begin(), exited.end());
  if (exited.empty()) return "";
  if (exited.size() > 1)
    return fmt::format("; one of the ranks {} had {}", fmt::join(exited, ", "), exception);
  return exited.front() == named ? ": " + exception
                                 : fmt::format("; rank {} had {}", exited.front(), exception);
}

// Which of those that failed by themselves was first, nobody knows then.
std::vector<Rank> find_others(const std::vector<TorchrunFailure>& failures, int named) {
  std::vector<Rank> others;
  for (const TorchrunFailure& each : failures)
    if (each.rank != named && each.status != ExitStatus{Signaled{SIGTERM, false}})
      others.push_back(Rank{each.rank});
  return others;
}

}  // namespace

Outcome outcome_of_starters(Outcome outcome, const JobRecord& record, const std::string& program) {
  if (!outcome.first_failure) return outcome;
  FirstFailure& first = *outcome.first_failure;
  const std::string by_rank = fmt::format("rank {} on {}", first.rank.value, first.host);
  std::string_view rest = outcome.message;
  if (!rest.starts_with(by_rank)) return outcome;
  rest.remove_prefix(by_rank.size());
  const auto failures = program == "torchrun" && outcome.failure_class == FailureClass::user_code
                            ? find_torchrun_failures(first.last_lines)
                            : std::vector<TorchrunFailure>();
  const auto whose = record.ranks[static_cast<std::size_t>(first.rank.value)].failed_rank;
  auto cause = std::find_if(failures.begin(), failures.end(),
                            [&](const TorchrunFailure& each) { return !whose || each.rank == *whose; });
  if (cause == failures.end()) cause = failures.begin();
  if (cause == failures.end() || succeeded(cause->status)) {
    outcome.message = fmt::format("{} on {}{}", program, first.host, rest);
    return outcome;
  }
  outcome.exit_code = shell_code(cause->status);
  const std::string own = first.status ? " " + to_string(*first.status) : "";
  if (rest.starts_with(own)) rest.remove_prefix(own.size());
  std::string end(rest);
  const auto exception = find_python_exception(first.last_lines);
  if (!whose && exception && end.ends_with(": " + *exception)) {
    end.resize(end.size() - exception->size() - 2);
    end += words_of_exception(failures, cause->rank, *exception);
  }
  if (!whose) {
    first.tied_with = find_others(failures, cause->rank);
    first.certain = first.tied_with.empty();
  }
  const bool named_first = cause == failures.begin();
  first.rank = Rank{cause->rank};
  first.status = cause->status;
  outcome.message = fmt::format(
      "rank {} on {} {}, says torchrun{}, which ended{}", cause->rank, first.host, to_string(cause->status),
      named_first
          ? ""
          : fmt::format(" (it names rank {} first, which had only lost its peer)", failures.front().rank),
      end);
  return outcome;
}

}  // namespace smlaunch
