// SPDX-License-Identifier: Apache-2.0
#include "launcher/job/job_mpi_options.hpp"

#include <fmt/format.h>

#include <utility>

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

Result<void> use_mpi_options(const std::vector<std::string>& words, const std::string& source, bool are_used,
                             JobSpec& spec) {
  if (!words.empty()) spec.sources.emplace_back("mpi_options", source);
  spec.mpi.source = source;
  spec.mpi.is_given = !words.empty();
  if (!are_used) return {};
  auto settings = parse_mpi_settings(words, source, std::move(spec.mpi.parameters), spec.open_mpi);
  if (!settings) return tl::unexpected(settings.error());
  spec.mpi = std::move(*settings);
  return {};
}

}  // namespace

Result<void> read_mpi_options(const Options& options, bool are_used, JobSpec& spec) {
  const char* key = options_hyperparameter(*spec.environment, spec.launcher);
  const std::string source = source_of(options, "mpi-options", fmt::format("hyperparameter {}", key));
  const auto hyperparameter = text_parameter(*spec.environment, key);
  const bool is_given = spec.environment->sagemaker_hyperparameters.find(key) != nullptr;
  if (!options.mpi_options && !hyperparameter && is_given)
    return failure(Fault::configuration, source, "is no text",
                   "write mpirun's options as one JSON string: \"-x NAME --report-bindings\"");
  const auto& trainer = spec.environment->trainer;
  if (!options.mpi_options && !hyperparameter && trainer) {
    auto words = trainer_mpi_options(*trainer);
    if (!words) return tl::unexpected(words.error());
    return use_mpi_options(words->value_or(std::vector<std::string>()),
                           fmt::format("mpi_additional_options of {}", trainer->distributed_file.native()),
                           are_used, spec);
  }
  auto words = split_shell_words(options.mpi_options ? *options.mpi_options : hyperparameter.value_or(""));
  if (!words) {
    Error error = words.error();
    for (Problem& problem : error.problems) problem.where = fmt::format("{}: {}", source, problem.where);
    return tl::unexpected(std::move(error));
  }
  return use_mpi_options(*words, source, are_used, spec);
}

}  // namespace smlaunch
