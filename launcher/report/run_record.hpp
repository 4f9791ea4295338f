// SPDX-License-Identifier: Apache-2.0
// The room launcher/report: what a run was, for people, made of the files that it has left. It promises the
// same answer for the same files, and an answer for any report that a run can leave, also one of another
// version. It touches nothing: its callers read and write.
//
// report.json and events.jsonl as values. Both are foreign: a key that is missing has its default, a key
// that is not known is left out.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace smlaunch {

struct RecordedEnd {
  std::optional<int> exit_code = {};
  std::optional<int> signal = {};
};

// Why a rank ended as it did.
enum class RecordedCause {
  own,            // by itself; also where the file says nothing that we know
  stopped_by_us,  // smlaunch stopped it
  collateral,     // because of the first failure
};

struct RecordedRank {
  int rank = 0;
  std::string host = {};
  RecordedEnd end = {};
  RecordedCause cause = RecordedCause::own;
  std::optional<double> began = {};  // seconds since the start of smlaunch
  std::optional<double> ended = {};  // the same
  std::string cpus = {};             // as they were read back
  std::string numa = {};
};

struct RecordedFailure {
  std::optional<int> rank = {};
  std::string host = {};
  RecordedEnd end = {};
  std::string reason = {};
  std::vector<std::string> last_lines = {};
  bool certain = true;
  std::vector<int> tied_with = {};
};

struct RecordedPhase {
  std::string name = {};
  double seconds = 0;
  std::string slowest_host = {};  // empty: all hosts as one
  double slowest_seconds = 0;
};

struct RecordedStage {
  std::string name = {};
  double seconds = 0;  // since the test began
  std::vector<int> missing_ranks = {};
};

// Two hosts that were tested together.
struct RecordedPair {
  std::string first = {};
  std::string second = {};
  bool passed = true;
  std::optional<double> busbw_gbps = {};
  std::string why = {};  // it failed
};

struct RecordedSmoke {
  std::string verdict = {};
  std::string evidence = {};
  std::string reason = {};
  double busbw_gbps = 0;
  std::vector<RecordedStage> stages = {};
  std::vector<std::string> suspects = {};  // each in words
  std::vector<RecordedPair> pairs = {};
};

// What a rank was doing when the job was found to hang.
struct RecordedLook {
  int rank = 0;
  std::string host = {};
  std::string place = {};
  std::vector<std::string> processes = {};  // each in a line
};

// Ranks that waited when the job was found to hang.
struct RecordedWait {
  std::string what = {};  // "all_reduce 5 of the default group"
  std::vector<int> ranks = {};
};

// A rank that had not come to it.
struct RecordedMissing {
  int rank = 0;
  std::string host = {};
  std::string where = {};
};

struct RecordedEvent {
  double seconds = 0;  // since the start of smlaunch
  std::string event = {};
  std::string host = {};
  std::optional<int> rank = {};
  std::vector<std::pair<std::string, std::string>> values = {};  // what else it says
  std::vector<std::pair<std::string, double>> progress = {};     // of a rank; finite numbers
};

struct RunRecord {
  std::string outcome = {};  // success, failure, stopped
  std::string failure_class = {};
  int exit_code = 0;
  std::string message = {};
  std::string plan_hash = {};
  std::optional<RecordedFailure> first_failure = {};
  std::vector<RecordedRank> ranks = {};  // ascending
  std::vector<RecordedPhase> phases = {};
  std::optional<RecordedSmoke> smoke = {};
  std::vector<RecordedLook> hang = {};
  std::vector<RecordedWait> waiting = {};
  std::vector<RecordedMissing> missing = {};
  std::vector<std::string> nccl = {};     // what NCCL has said of it
  std::vector<std::string> earlier = {};  // the sentences of the tries before
  long start_unix_ms = 0;                 // when smlaunch began; 0: not known
  std::vector<RecordedEvent> events = {};
  std::size_t unread_lines = 0;  // of events.jsonl that are no events
};

// Errors (Fault::configuration, at `where`): not JSON, no smlaunch.report. `events`: the whole of
// events.jsonl, or empty.
Result<RunRecord> parse_run_record(const std::string& where, std::string_view report,
                                   std::string_view events);

}  // namespace smlaunch
