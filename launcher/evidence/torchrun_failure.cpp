// SPDX-License-Identifier: Apache-2.0
#include "launcher/evidence/torchrun_failure.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "launcher/evidence/python_traceback.hpp"

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

}  // namespace smlaunch
