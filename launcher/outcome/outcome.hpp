// SPDX-License-Identifier: Apache-2.0
// The room launcher/outcome: what a job came to: who failed first, the sentence, the exit code, the report,
// the files of SageMaker. Deciding is a pure function of the job's record. It touches only the files that a
// run leaves, and stderr.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launcher/inspect/hang_report.hpp"
#include "launcher/outcome/job_record.hpp"
#include "launcher/smoke/smoke_report.hpp"

namespace smlaunch {

enum class OutcomeKind { success, failure, stopped };
enum class FailureClass {
  none,
  user_code,
  not_ready,
  smoke,
  lost_host,
  configuration,
  start,
  internal,
  install_module,  // pip, as the toolkit calls its failures
  install_requirements
};
std::string to_string(OutcomeKind kind);
std::string to_string(FailureClass failure_class);          // as report.json has it; "" for none
FailureClass parse_failure_class(const std::string& text);  // internal for what is none

// smlaunch's own exit codes.
namespace exit_codes {
inline constexpr int usage = 64;
inline constexpr int not_ready = 69;
inline constexpr int internal = 70;
inline constexpr int start = 71;
inline constexpr int smoke = 75;
inline constexpr int lost = 76;
inline constexpr int configuration = 78;
}  // namespace exit_codes

struct FirstFailure {
  Rank rank;
  std::string host;
  std::optional<ExitStatus> status;  // nothing: it was lost or never ran
  double seconds = 0;
  std::vector<std::string> last_lines;
  bool certain = true;
  std::vector<Rank> tied_with;
  // It failed (`seconds`: its traceback) before any other, though it did not end first: those in tied_with
  // ended before it, because their peer was gone.
  bool before_its_end = false;
};

enum class Cause { own, stopped_by_us, collateral };
std::string to_string(Cause cause);

struct Phase {
  std::string name;
  double seconds = 0;
  std::string slowest_host;  // that was done last; empty: not known
  double slowest_seconds = 0;
};

struct Outcome {
  OutcomeKind kind = OutcomeKind::success;
  FailureClass failure_class = FailureClass::none;
  int exit_code = 0;
  std::string message;  // one sentence: what failed first, where, how
  std::optional<FirstFailure> first_failure;
  std::vector<Cause> causes;                // by rank
  std::vector<RankLook> hang;               // by rank, where the job was stopped because it hung
  std::vector<std::string> hosts_at_fault;  // lost, not ready, or failed by the smoke test
  bool stop_was_asked = false;              // by a signal, perhaps after the first failure
  std::string failure_file;                 // its whole text, where it is not made of the above
};

// `hosts`: each rank's host.
Outcome decide_outcome(const JobRecord& record, const std::vector<std::string>& hosts);

// The job is not started: its all-reduce test failed.
Outcome failed_by_smoke(const SmokeReport& report);

// A host whose smlaunch had come, and was lost while others were waited for.
Outcome lost_before_start(const std::string& host, const std::string& reason);

}  // namespace smlaunch
