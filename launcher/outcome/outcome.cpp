// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/outcome.hpp"

#include <fmt/format.h>

#include <utility>

#include "launcher/outcome/failure_sentence.hpp"
#include "launcher/outcome/report_error.hpp"

namespace smlaunch {

std::string to_string(OutcomeKind kind) {
  switch (kind) {
    case OutcomeKind::success: return "success";
    case OutcomeKind::failure: return "failure";
    case OutcomeKind::stopped: return "stopped";
  }
  return "failure";
}

OutcomeKind parse_outcome_kind(std::string_view text) {
  for (const OutcomeKind each : {OutcomeKind::success, OutcomeKind::stopped})
    if (to_string(each) == text) return each;
  return OutcomeKind::failure;
}

Outcome make_success(std::string message) {
  return {.kind = OutcomeKind::success, .message = std::move(message)};
}

Outcome make_failure(FailureClass failure_class, std::string message) {
  return {.kind = OutcomeKind::failure,
          .failure_class = failure_class,
          .exit_code = exit_code_of(failure_class),
          .message = std::move(message)};
}

Outcome make_user_code_failure(int exit_code, std::string message) {
  return {.kind = OutcomeKind::failure,
          .failure_class = FailureClass::user_code,
          .exit_code = exit_code,
          .message = std::move(message)};
}

Outcome make_failure(const Error& error) {
  std::string message;
  for (const std::string& line : render_problems(error)) {
    if (!message.empty()) message += '\n';
    message += line;
  }
  return {.kind = OutcomeKind::failure,
          .failure_class = failure_class_of(error.fault),
          .exit_code = exit_code_of(error.fault),
          .message = std::move(message)};
}

Outcome make_stopped(int signal, std::string message) {
  return {.kind = OutcomeKind::stopped,
          .exit_code = shell_code(Signaled{.signal = signal}),
          .message = std::move(message)};
}

Outcome make_told_outcome(OutcomeKind kind, int exit_code, std::string message) {
  return {.kind = kind, .exit_code = exit_code, .message = std::move(message)};
}

Outcome failed_by_smoke(const SmokeReport& report) {
  Outcome outcome = make_failure(
      FailureClass::smoke,
      fmt::format("the smoke test {}{} ({}): {}",
                  report.verdict == SmokeVerdict::not_run ? "could not be run" : "failed",
                  report.injected.empty() ? "" : fmt::format(", with {} injected", report.injected),
                  report.evidence, report.reason));
  outcome.hosts_at_fault = report.bad_hosts();
  return outcome;
}

Outcome lost_before_start(const WorkerLoss& loss) {
  Outcome outcome =
      make_failure(FailureClass::lost_host,
                   fmt::format("the job could not be started: {}", describe_host_loss(loss.host, loss.loss)));
  outcome.hosts_at_fault = {loss.host};
  return outcome;
}

}  // namespace smlaunch
