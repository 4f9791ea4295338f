// SPDX-License-Identifier: Apache-2.0
// What the leader tells a check program, which runs beside each rank of the all-reduce test: one JSON object
// on each line of its stdin.
//
// The order: settings; use_library where settings.library is library_of_python (it comes after the program
// with finds_library on that host has answered); run_test, once or several times, and on GPUs take_id after
// each; quit. The end of stdin means quit, too.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "base/error.hpp"
#include "launcher/smoke/injection.hpp"
#include "topology/id_set.hpp"

namespace smlaunch {

// Values of CheckSettings::library that are not paths: the NCCL that the job's interpreter loads, and the
// library that the loader finds.
inline constexpr const char* library_of_python = "auto";
inline constexpr const char* library_of_loader = "system";

struct CheckSettings {
  int rank = 0;
  int local_rank = 0;
  std::string host;                               // as the plan calls it
  InjectionKind injection = InjectionKind::none;  // the fault that this rank shall have
  double slow_seconds = 0.3;                      // injection slow: how late it is at every repeat
  std::string library = library_of_loader;        // libnccl.so.2 or libmpi.so.40: one of the above, or a path
  std::string python = "python3";
  bool finds_library = false;  // this program looks for the library for its host: found_library answers
  bool tells_host = false;     // this program sends host_gpus for its host
  int device = 0;              // as CUDA counts inside the rank
  long bytes = 64L << 20;      // the longest buffer of any test; it is allocated before device_ready
  bool operator==(const CheckSettings&) const = default;
};

struct UseLibrary {
  std::string path;
  bool operator==(const UseLibrary&) const = default;
};

// An all-reduce among `ranks`; this program is one of them, its index is its position there.
struct RunTest {
  int test = 0;
  IdSet ranks;
  long bytes = 64L << 20;  // of each rank's buffer
  int warm_up = 1;
  // As many repeats as fit into `budget_seconds`, if each takes as long as the slowest rank's last warm-up.
  // All ranks agree on the number by an all-reduce (maximum) of their own times.
  int least_repeats = 3;
  int most_repeats = 20;
  double budget_seconds = 1;
  double deadline_seconds = 120;  // from run_test to verified; then the program gives up: check_failed
  bool operator==(const RunTest&) const = default;
};

struct TakeId {  // NCCL's unique id, which the rank with index 0 of the test has made
  int test = 0;
  std::string id;  // hexadecimal
  bool operator==(const TakeId&) const = default;
};

// Give this test up (ncclCommAbort) and wait for the next.
struct AbortTest {
  int test = 0;
  bool operator==(const AbortTest&) const = default;
};

struct QuitCheck {
  bool operator==(const QuitCheck&) const = default;
};

using CheckCommand = std::variant<CheckSettings, UseLibrary, RunTest, TakeId, AbortTest, QuitCheck>;

// One line, without its newline.
std::string encode(const CheckCommand& command);
// Errors (Fault::internal): the line is no such command.
Result<CheckCommand> parse_check_command(std::string_view line);

}  // namespace smlaunch
