// SPDX-License-Identifier: Apache-2.0
// The order of the switches is that of AWS's PyTorch containers; the toolkit itself knows only MPI.
// Chainer's module
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "launcher/contract/environment.hpp"
#include "launcher/contract/framework_module.hpp"
#include "launcher/contract/trainer_job.hpp"

namespace smlaunch {
namespace {

struct Switch {
  const char* key;
  LauncherKind kind;
};
constexpr Switch switches[] = {
    {"sagemaker_mpi_enabled", LauncherKind::mpi},
    {"sagemaker_pytorch_ddp_enabled", LauncherKind::ddp},
    {"sagemaker_torch_distributed_enabled", LauncherKind::torchrun},
    {"sagemaker_distributed_dataparallel_enabled", LauncherKind::smddp},
    {"sagemaker_pytorch_xla_multi_worker_enabled", LauncherKind::xla},
};

// takes MPI for several hosts in any case.
LauncherChoice choose_chainer(const Environment& environment) {
  const PyValue* use_mpi = environment.sagemaker_hyperparameters.find("sagemaker_use_mpi");
  if (use_mpi != nullptr)
    return {python_truth(*use_mpi) ? LauncherKind::mpi : LauncherKind::process,
            "hyperparameter sagemaker_use_mpi"};
  return {environment.hosts.size() > 1 ? LauncherKind::mpi : LauncherKind::process,
          "Chainer's module: mpi for several hosts"};
}

}  // namespace

std::string to_string(LauncherKind kind) {
  switch (kind) {
    case LauncherKind::process: return "process";
    case LauncherKind::mpi: return "mpi";
    case LauncherKind::ddp: return "ddp";
    case LauncherKind::torchrun: return "torchrun";
    case LauncherKind::xla: return "xla";
    case LauncherKind::smddp: return "smddp";
  }
  return {};
}

LauncherChoice choose_launcher(const Environment& environment) {
  if (environment.entry_point.kind == EntryPointKind::framework_module) {
    return {LauncherKind::process, "variable SAGEMAKER_TRAINING_MODULE"};
  }
  if (environment.native_framework == Framework::chainer) return choose_chainer(environment);
  for (const Switch& entry : switches) {
    if (!knows_launcher(environment.native_framework, entry.kind)) continue;
    const PyValue* value = environment.sagemaker_hyperparameters.find(entry.key);
    if (value == nullptr || !python_truth(*value)) continue;
    const auto& groups = environment.distribution_instance_groups;
    const std::string& own = environment.current_instance_group;
    if (std::find(groups.begin(), groups.end(), own) == groups.end()) {
      return {LauncherKind::process,
              fmt::format(
                  "hyperparameter sagemaker_distribution_instance_groups without this host's group {}", own)};
    }
    return {entry.kind, fmt::format("hyperparameter {}", entry.key)};
  }
  if (environment.trainer) return choose_trainer_launcher(environment);
  return {LauncherKind::process, "default"};
}

std::optional<long> integer_parameter(const Environment& environment, std::string_view key) {
  const PyValue* value = environment.sagemaker_hyperparameters.find(key);
  const auto* number = value == nullptr ? nullptr : std::get_if<PyInt>(&value->data);
  if (number == nullptr) return std::nullopt;
  long result = 0;
  const char* end = number->digits.data() + number->digits.size();
  if (std::from_chars(number->digits.data(), end, result).ec != std::errc()) return std::nullopt;
  return result;
}

std::optional<std::string> text_parameter(const Environment& environment, std::string_view key) {
  const PyValue* value = environment.sagemaker_hyperparameters.find(key);
  if (value == nullptr || value->string() == nullptr) return std::nullopt;
  return *value->string();
}

}  // namespace smlaunch
