// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/process_counts.hpp"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "launcher/contract/config_file.hpp"
#include "launcher/contract/trainer_job.hpp"

namespace smlaunch {

namespace {

// The digits of a number, or of text that holds one; empty for anything else.
std::string digits_of(const PyValue& value) {
  if (const auto* number = std::get_if<PyInt>(&value.data)) return number->digits;
  const std::string* text = value.string();
  if (text == nullptr || text->empty() || text->find_first_not_of("0123456789") != std::string::npos)
    return {};
  return *text;
}

std::optional<int> parse_count(const PyValue& value, const std::string& path, ConfigProblems& problems) {
  const std::string digits = digits_of(value);
  int count = 0;
  const auto error = std::from_chars(digits.data(), digits.data() + digits.size(), count).ec;
  if (error == std::errc::result_out_of_range && !digits.starts_with('-')) {
    problems.add(path, fmt::format("is too large: {}", describe_value(value)));
  } else if (error != std::errc() || count < 1) {
    problems.add(path, fmt::format("must be a whole number above 0, not {}", describe_value(value)));
  } else {
    return count;
  }
  return {};
}

// 0, like null, is no number: the SDK's drivers then take the GPUs.
void read_trainer_count(const TrainerJob& job, ProcessCounts& counts, std::vector<Problem>& problems) {
  const PyValue* value = job.distributed.find(trainer_count_key);
  if (value == nullptr || !python_truth(*value)) return;
  ConfigProblems in_file(job.distributed_file.native(), problems);
  counts.per_host = parse_count(*value, trainer_count_key, in_file);
  counts.per_host_source = fmt::format("{} of {}", trainer_count_key, job.distributed_file.native());
}

bool uses_count_per_host(LauncherKind launcher) {
  return launcher != LauncherKind::process && launcher != LauncherKind::xla;
}

}  // namespace

Result<ProcessCounts> parse_process_counts(const Environment& environment, LauncherKind launcher) {
  const bool chainer = environment.native_framework == Framework::chainer;
  ProcessCounts counts;
  Error error{Fault::configuration, {}};
  ConfigProblems problems((environment.paths.input_config / "hyperparameters.json").native(), error.problems);
  const auto read = [&](const std::string& key, bool may_be_false) -> std::optional<int> {
    const PyValue* value = environment.sagemaker_hyperparameters.find(key);
    if (value == nullptr || std::holds_alternative<PyNone>(value->data)) return {};
    if (may_be_false && !python_truth(*value)) return {};
    return parse_count(*value, json_path({}, key), problems);
  };
  // Where the module's own key is missing or false, MPI's key counts.
  const auto read_either = [&](const char* chainers, const char* mpis, bool may_be_false, std::string& key) {
    key = chainer ? chainers : mpis;
    const std::size_t before = error.problems.size();
    auto count = read(key, chainer || may_be_false);
    if (!chainer || count || error.problems.size() > before) return count;
    key = mpis;
    return read(key, may_be_false);
  };
  if (uses_count_per_host(launcher)) {
    std::string key;
    counts.per_host = read_either("sagemaker_process_slots_per_host",
                                  "sagemaker_mpi_num_of_processes_per_host", false, key);
    counts.per_host_source = fmt::format("hyperparameter {}", key);
    if (environment.trainer && !counts.per_host && error.problems.empty())
      read_trainer_count(*environment.trainer, counts, error.problems);
  }
  if (launcher == LauncherKind::mpi)
    counts.in_all =
        read_either("sagemaker_num_processes", "sagemaker_mpi_num_processes", true, counts.in_all_key);
  if (!error.problems.empty()) return tl::unexpected(std::move(error));
  return counts;
}

}  // namespace smlaunch
