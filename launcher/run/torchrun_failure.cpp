// SPDX-License-Identifier: Apache-2.0
#include "launcher/run/torchrun_failure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace smlaunch {

namespace {

// "  exitcode  : -9 (pid: 12)" -> -9
std::optional<int> number_after(std::string_view line, std::string_view name) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  if (!line.starts_with(name)) return {};
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos ||
      line.substr(name.size(), colon - name.size()).find_first_not_of(' ') != std::string_view::npos)
    return {};
  line.remove_prefix(colon + 1);
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  int number = 0;
  if (std::from_chars(line.data(), line.data() + line.size(), number).ec != std::errc()) return {};
  return number;
}

}  // namespace

std::optional<TorchrunFailure> find_torchrun_failure(const std::vector<std::string>& lines) {
  std::optional<TorchrunFailure> found;
  std::optional<int> rank;
  bool in_cause = false;
  for (const std::string& line : lines) {
    if (line.starts_with("Root Cause")) {
      in_cause = true;
      rank.reset();
    }
    if (!in_cause) continue;
    if (const auto number = number_after(line, "rank")) rank = number;
    const auto code = number_after(line, "exitcode");
    if (!code || !rank) continue;
    const ExitStatus status = *code < 0 ? ExitStatus{Signaled{-*code}} : ExitStatus{Exited{*code}};
    found = TorchrunFailure{*rank, status};
    in_cause = false;
  }
  return found;
}

Outcome outcome_of_starters(Outcome outcome, const std::string& program) {
  if (!outcome.first_failure) return outcome;
  FirstFailure& first = *outcome.first_failure;
  const std::string by_rank = fmt::format("rank {} on {}", first.rank.value, first.host);
  std::string_view rest = outcome.message;
  if (!rest.starts_with(by_rank)) return outcome;
  rest.remove_prefix(by_rank.size());
  const auto cause = program == "torchrun" && outcome.failure_class == FailureClass::user_code
                         ? find_torchrun_failure(first.last_lines)
                         : std::nullopt;
  if (!cause || succeeded(cause->status)) {
    outcome.message = fmt::format("{} on {}{}", program, first.host, rest);
    return outcome;
  }
  outcome.exit_code = shell_code(cause->status);
  const std::string own = first.status ? " " + to_string(*first.status) : "";
  if (rest.starts_with(own)) rest.remove_prefix(own.size());
  first.rank = Rank{cause->rank};
  first.status = cause->status;
  outcome.message = fmt::format("rank {} on {} {}, says torchrun, which ended{}", cause->rank, first.host,
                                to_string(cause->status), rest);
  return outcome;
}

}  // namespace smlaunch
