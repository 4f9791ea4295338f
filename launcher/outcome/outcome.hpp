// SPDX-License-Identifier: Apache-2.0
// The room launcher/outcome: how a job ended: which rank failed first, the sentence, the exit code, the
// report, SageMaker's files. It promises that deciding is a pure function of the job's record. It touches
// only the files that a run leaves, and stderr.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/inspect/hang_evidence.hpp"
#include "launcher/inspect/hang_report.hpp"
#include "launcher/outcome/failure_class.hpp"
#include "launcher/outcome/first_failure.hpp"
#include "launcher/smoke/smoke_report.hpp"

namespace smlaunch {

enum class OutcomeKind { success, failure, stopped };
std::string to_string(OutcomeKind kind);
OutcomeKind parse_outcome_kind(std::string_view text);  // failure for an unknown word

struct Phase {
  std::string name = {};
  double seconds = 0;
  std::string slowest_host = {};  // the host that was done last; empty: not known
  double slowest_seconds = 0;
};

struct Outcome {
  OutcomeKind kind = OutcomeKind::success;
  FailureClass failure_class = FailureClass::none;
  int exit_code = 0;
  std::string message = {};  // one sentence: what failed first, where, how
  std::optional<FirstFailure> first_failure = {};
  std::vector<std::string> engine_lines = {};  // what the engine said last, where it failed
  std::string engine = "mpirun";               // whose lines these are
  Indexed<Rank, Cause> causes = {};
  std::vector<RankLook> hang = {};               // by rank, where the job was stopped because it hung
  HangEvidence hang_evidence = {};               // then: who waited for whom
  double hang_seconds = 0;                       // without progress
  std::vector<std::string> hosts_at_fault = {};  // lost, not ready, or failed by the smoke test
  bool stop_was_asked = false;                   // by a signal, perhaps after the first failure
  std::optional<JobProgress> progress = {};      // nothing: no rank has told any
  std::optional<RankAsked> asked = {};           // what a rank wants to follow
  std::vector<DeviceFact> devices = {};          // what has happened to devices of hosts
  double end_seconds = 0;                        // when the last rank had ended, since the start of the try
  std::string failure_file = {};                 // its whole text, where it is not made of the other fields
};

// Every outcome begins as one of these: no other code sets a kind, a class or an exit code.
Outcome make_success(std::string message = "");
Outcome make_failure(FailureClass failure_class, std::string message);
// A rank's own exit code passes through.
Outcome make_user_code_failure(int exit_code, std::string message);
// A job that could not begin: each problem is a line.
Outcome make_failure(const Error& error);
// Told to stop by a signal.
Outcome make_stopped(int signal, std::string message);
// The outcome that another host's smlaunch has told.
Outcome make_told_outcome(OutcomeKind kind, int exit_code, std::string message);

// The job is not started: its all-reduce test failed.
Outcome failed_by_smoke(const SmokeReport& report);

// A host whose smlaunch had come, and was lost while others were waited for.
Outcome lost_before_start(const WorkerLoss& loss);

}  // namespace smlaunch
