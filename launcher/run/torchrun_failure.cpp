// SPDX-License-Identifier: Apache-2.0
#include "launcher/run/torchrun_failure.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <string_view>

#include "launcher/run/python_traceback.hpp"

namespace smlaunch {

namespace {

std::optional<int> number_at(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  int number = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc()) return {};
  return number;
}

// "  exitcode  : -9 (pid: 12)" -> -9
std::optional<int> number_after(std::string_view line, std::string_view name) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  if (!line.starts_with(name)) return {};
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos ||
      line.substr(name.size(), colon - name.size()).find_first_not_of(' ') != std::string_view::npos)
    return {};
  return number_at(line.substr(colon + 1));
}

int local_rank_in(std::string_view line, int otherwise) {
  constexpr std::string_view name = "local_rank:";
  const std::size_t at = line.find(name);
  return at == std::string_view::npos ? otherwise
                                      : number_at(line.substr(at + name.size())).value_or(otherwise);
}

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

std::vector<TorchrunFailure> find_torchrun_failures(const std::vector<std::string>& lines) {
  std::vector<TorchrunFailure> found;
  std::vector<TorchrunFailure> others;
  std::optional<TorchrunFailure> next;
  bool in_cause = false;
  for (const std::string& line : lines) {
    if (line.starts_with("Failures:")) others.clear();
    if (line.starts_with("Root Cause")) {
      in_cause = true;
      next.reset();
    }
    if (const auto number = number_after(line, "rank"))
      next = TorchrunFailure{*number, local_rank_in(line, *number), Exited{0}};
    const auto code = number_after(line, "exitcode");
    if (!code || !next) continue;
    next->status = *code < 0 ? ExitStatus{Signaled{-*code}} : ExitStatus{Exited{*code}};
    if (in_cause) {
      found = {*next};
      found.insert(found.end(), others.begin(), others.end());
    } else {
      others.push_back(*next);
    }
    in_cause = false;
    next.reset();
  }
  return found;
}

std::size_t find_torchrun_summary(const std::vector<std::string>& lines) {
  const auto last =
      std::find_if(lines.rbegin(), lines.rend(), [](const std::string& line) { return is_of_starter(line); });
  return last == lines.rend() ? lines.size() : static_cast<std::size_t>(lines.rend() - last) - 1;
}

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
