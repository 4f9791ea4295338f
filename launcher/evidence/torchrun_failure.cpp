// SPDX-License-Identifier: Apache-2.0
#include "launcher/evidence/torchrun_failure.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "launcher/evidence/python_traceback.hpp"
#include "launcher/evidence/reason.hpp"

namespace smlaunch {

namespace {

constexpr std::size_t shortest_rule = 4;
constexpr int most_signal = 64;
constexpr int most_exit_code = 255;

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

// Nothing: no process ends like this.
std::optional<ExitStatus> status_of(int code) {
  if (code < -most_signal || code > most_exit_code) return {};
  return code < 0 ? ExitStatus{Signaled{.signal = -code}} : ExitStatus{Exited{code}};
}

// The number behind `name`, which ends with a colon.
std::optional<int> number_behind(std::string_view line, std::string_view name) {
  const std::size_t at = line.find(name);
  return at == std::string_view::npos ? std::nullopt : number_at(line.substr(at + name.size()));
}

int local_rank_in(std::string_view line, int otherwise) {
  return number_behind(line, "local_rank:").value_or(otherwise);
}

bool is_rule(std::string_view line, char of) {
  return line.size() >= shortest_rule && line.find_first_not_of(of) == std::string_view::npos;
}

// The line behind the second rule of the summary whose error stands at `error`. After a signal there is no
// summary.
std::size_t end_of_summary(const std::vector<std::string>& lines, std::size_t error) {
  std::size_t rules = 0;
  if (error + 1 >= lines.size() || !is_rule(lines[error + 1], '=')) return error + 1;
  for (std::size_t i = error + 1; i < lines.size(); ++i)
    if (is_rule(lines[i], '=') && ++rules == 2) return i + 1;
  return lines.size();
}

// "WARNING:torch.distributed.elastic.multiprocessing.api:Sending process 12 closing signal SIGTERM", later
// "[2026-01-01 00:00:00,000] torch.distributed.run: [WARNING] …", "W0101 00:00:00.000000 12
// torch/distributed/…".
bool is_log_line(std::string_view line) {
  const bool names_it = has(line, "torch.distributed.elastic") || has(line, "torch/distributed/elastic/") ||
                        has(line, "torch.distributed.run:") || has(line, "torch/distributed/run.py:");
  if (!names_it) return false;
  const bool has_letter = line.size() > 5 &&
                          std::string_view("IWEF").find(line[0]) != std::string_view::npos &&
                          line.find_first_not_of("0123456789", 1) == 5;
  return has_letter || line.starts_with('[') || line.starts_with("INFO:") || line.starts_with("WARNING:") ||
         line.starts_with("ERROR:");
}

// torchrun's advice about OMP_NUM_THREADS stands between two rules of asterisks after a line of its log.
std::size_t end_of_banner(const std::vector<std::string>& lines, std::size_t log) {
  constexpr std::size_t most = 6;
  if (log + 1 >= lines.size() || !is_rule(lines[log + 1], '*')) return log + 1;
  for (std::size_t i = log + 2; i < lines.size() && i < log + most; ++i)
    if (is_rule(lines[i], '*')) return i + 1;
  return log + 1;
}

}  // namespace

std::vector<TorchrunFailure> find_torchrun_failures(const std::vector<std::string>& lines) {
  std::vector<TorchrunFailure> found;
  std::vector<TorchrunFailure> others;
  std::optional<TorchrunFailure> next;
  bool in_cause = false;
  TorchrunFailure* last = nullptr;
  bool in_traceback = false;  // of the last failure
  for (const std::string& line : lines) {
    if (in_traceback && line.starts_with("  ")) {
      last->traceback.push_back(line.substr(2));
      continue;
    }
    in_traceback = false;
    if (line.starts_with("Failures:")) others.clear();
    if (line.starts_with("Root Cause")) {
      in_cause = true;
      next.reset();
    }
    if (last != nullptr && trimmed(line).starts_with("traceback :") && has(line, traceback_mark)) {
      last->traceback = {line.substr(line.find(traceback_mark))};
      in_traceback = true;
      continue;
    }
    if (const auto number = number_after(line, "rank"))
      next =
          TorchrunFailure{.rank = *number, .local_rank = local_rank_in(line, *number), .status = Exited{0}};
    const auto code = number_after(line, "exitcode");
    const auto status = code ? status_of(*code) : std::nullopt;
    if (!status || !next) continue;
    next->status = *status;
    if (in_cause) {
      found = {*next};
      found.insert(found.end(), others.begin(), others.end());
      last = &found.front();
    } else {
      others.push_back(*next);
      last = &others.back();
    }
    in_cause = false;
    next.reset();
  }
  return found;
}

std::vector<TorchrunWord> find_torchrun_words(std::string_view lines) {
  std::vector<TorchrunWord> found;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    const std::size_t at = line.find("failed (exitcode: ");
    if (at == std::string_view::npos || !is_log_line(line)) continue;
    line.remove_prefix(at);
    const auto code = number_behind(line, "exitcode:");
    const auto pid = number_behind(line, "(pid:");
    const auto status = code ? status_of(*code) : std::nullopt;
    if (status && !succeeded(*status) && pid) found.push_back({.pid = *pid, .status = *status});
  }
  return found;
}

std::vector<bool> find_torchrun_lines(const std::vector<std::string>& lines) {
  std::vector<bool> found(lines.size(), false);
  const auto mark = [&](std::size_t begin, std::size_t end) {
    std::fill(found.begin() + static_cast<std::ptrdiff_t>(begin),
              found.begin() + static_cast<std::ptrdiff_t>(end), true);
  };
  std::optional<std::size_t> traceback;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string& line = lines[i];
    if (begins_traceback(line)) {
      traceback = i;
    } else if (traceback_margin(line)) {
      if (is_of_starter(line)) {
        const std::size_t end = end_of_summary(lines, i);
        mark(traceback.value_or(i), end);
        i = end - 1;
      } else if (is_log_line(line)) {
        mark(i, end_of_banner(lines, i));
      }
      traceback.reset();
    }
  }
  return found;
}

std::size_t find_torchrun_summary(const std::vector<std::string>& lines) {
  const auto last =
      std::find_if(lines.rbegin(), lines.rend(), [](const std::string& line) { return is_of_starter(line); });
  return last == lines.rend() ? lines.size() : static_cast<std::size_t>(lines.rend() - last) - 1;
}

}  // namespace smlaunch
