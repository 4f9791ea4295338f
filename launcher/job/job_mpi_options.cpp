// SPDX-License-Identifier: Apache-2.0
#include "launcher/job/job_mpi_options.hpp"

#include <fmt/format.h>

#include "launcher/contract/trainer_job.hpp"
#include "mpi/shell_words.hpp"

namespace smlaunch {

namespace {

// Each of the toolkit's runners has a name of its own for them.
const char* options_hyperparameter(const Environment& environment, LauncherKind launcher) {
  constexpr const char* smddp = "sagemaker_distributed_dataparallel_custom_mpi_options";
  const bool has_smddp = text_parameter(environment, smddp).has_value();
  if (launcher == LauncherKind::smddp || (has_smddp && launcher == LauncherKind::ddp)) return smddp;
  return "sagemaker_mpi_custom_mpi_options";
}

}  // namespace

Result<void> read_mpi_options(const Options& options, JobSpec& spec) {
  const char* key = options_hyperparameter(*spec.environment, spec.launcher);
  const std::string source = source_of(options, "mpi-options", fmt::format("hyperparameter {}", key));
  const auto hyperparameter = text_parameter(*spec.environment, key);
  const bool is_given = spec.environment->sagemaker_hyperparameters.find(key) != nullptr;
  if (!options.mpi_options && !hyperparameter && is_given)
    return failure(Fault::configuration, source, "is no text",
                   "write mpirun's options as one JSON string: \"-x NAME --report-bindings\"");
  if (!options.mpi_options && !hyperparameter && spec.environment->trainer) {
    auto of_trainer = trainer_mpi_options(*spec.environment->trainer);
    if (!of_trainer) return tl::unexpected(of_trainer.error());
    if (!*of_trainer) return {};
    spec.mpi_options = std::move(**of_trainer);
    spec.mpi_options_source =
        fmt::format("mpi_additional_options of {}", spec.environment->trainer->distributed_file.native());
    spec.sources.emplace_back("mpi_options", spec.mpi_options_source);
    return {};
  }
  auto words = split_shell_words(options.mpi_options ? *options.mpi_options : hyperparameter.value_or(""));
  if (!words) {
    Error error = words.error();
    for (Problem& problem : error.problems) problem.where = fmt::format("{}: {}", source, problem.where);
    return tl::unexpected(std::move(error));
  }
  spec.mpi_options = std::move(*words);
  spec.mpi_options_source = source;
  if (!spec.mpi_options.empty()) spec.sources.emplace_back("mpi_options", source);
  return {};
}

}  // namespace smlaunch
