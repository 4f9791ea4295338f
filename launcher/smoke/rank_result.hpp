// SPDX-License-Identifier: Apache-2.0
// What a check program tells the leader: one JSON object on each line of its stdout. (Whatever a library
// prints goes to stderr: check_stream.hpp.)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "launcher/smoke/contributions.hpp"
#include "launcher/smoke/smoke_stage.hpp"

namespace smlaunch {

// Sent as soon as it is true. `spawned`, `library_loaded` and `device_ready` come once, with test 0; the
// others for each test.
struct StageReached {
  int test = 0;
  SmokeStage stage = SmokeStage::spawned;
  double seconds = 0;  // since the program began
  bool operator==(const StageReached&) const = default;
};

struct FoundLibrary {
  std::string path;  // empty: the interpreter has no NCCL of its own, and the loader's is used
  std::string note;  // where it was found, or why it was not
  bool operator==(const FoundLibrary&) const = default;
};

// Sent with library_loaded; compared over all ranks before the first test.
struct LibraryFacts {
  std::string path;           // as the loader resolved it, symbolic links followed
  std::string version;        // "2.28.9"; "Open MPI 4.1.4"
  std::string build_id;       // GNU build id in hexadecimal; empty: the file has none
  bool is_imitation = false;  // a test's library, which is no evidence about a GPU
  bool operator==(const LibraryFacts&) const = default;
};

// GPUs of a host, as its program with tells_host finds them (judged in host_gpus.hpp).
struct HostGpus {
  int usable = 0;              // GPUs that NVML shows
  int on_bus = 0;              // NVIDIA display controllers on the PCI bus
  bool module_loaded = false;  // the kernel module
  bool device_nodes = false;   // /dev/nvidia0 and so on
  std::string nvml_error;      // why NVML does not work; empty: it does
  bool operator==(const HostGpus&) const = default;
};

struct UniqueId {  // from the rank with index 0 of a test
  int test = 0;
  std::string id;
  bool operator==(const UniqueId&) const = default;
};

// After `verified`.
struct TestResult {
  int test = 0;
  // For each repeat, in seconds: the time in the barrier before it (the last rank to arrive waits the
  // shortest), and the time in the all-reduce itself.
  std::vector<double> barrier_seconds;
  std::vector<double> transfer_seconds;
  WrongElements sums;                          // in the sums that this rank got, at the worst repeat
  WrongElements contributions;                 // in the buffer that it sent
  std::optional<double> estimated_busbw_gbps;  // NCCL's own model (ncclGroupSimulateEnd)
  bool shares_gpu = false;                     // with another rank: speed means nothing
  bool operator==(const TestResult&) const = default;
};

// This rank could not go on. After it the program waits for quit.
struct CheckFailed {
  int test = 0;
  SmokeStage stage = SmokeStage::spawned;  // the stage that it did not reach
  std::string text;                        // one sentence, with the library's own words
  bool blames_peer = false;                // those words say that another rank, or the way to it, failed
  bool operator==(const CheckFailed&) const = default;
};

using CheckMessage =
    std::variant<StageReached, FoundLibrary, LibraryFacts, HostGpus, UniqueId, TestResult, CheckFailed>;

// One line, without its newline.
std::string encode(const CheckMessage& message);
// Errors (Fault::internal): the line is no such message.
Result<CheckMessage> parse_check_message(std::string_view line);

}  // namespace smlaunch
