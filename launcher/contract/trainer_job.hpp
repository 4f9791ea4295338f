// SPDX-License-Identifier: Apache-2.0
// A job of SageMaker's SDK v3 (ModelTrainer). It does not start the container's `train`: it brings drivers
// of its own in the channel sm_drivers, and beside them two files that name the program and the launcher.
// The decisions here are those of the drivers (sagemaker-train 1.27.0, sagemaker/train/container_drivers).
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "launcher/contract/environment.hpp"

namespace smlaunch {

struct TrainerJob {
  std::filesystem::path drivers;           // BASE/input/data/sm_drivers
  std::filesystem::path source_code_file;  // sourcecode.json there
  std::filesystem::path distributed_file;  // distributed.json there
  PyValue source_code;                     // the content of the files; {} where there is no file
  PyValue distributed;
  std::filesystem::path code;  // BASE/input/data/code; where the job has no such channel, the working folder
  std::filesystem::path archive;  // in `code`, to be unpacked there: source_dir was a *.tar.gz; or empty
  std::optional<std::string> entry_script;
  std::string command;  // for a shell, and not smlaunch itself; empty: the entry script is run
  std::vector<std::string> command_arguments;  // behind the command
  std::string requirements;                    // the file that pip installs, relative to `code`; empty: none
  std::optional<std::string> log_level;        // SM_LOG_LEVEL of the container
  bool is_prepared = false;  // the SDK's sm_train.sh has started us, and has installed the requirements
};

// Null where BASE/input/data/sm_drivers is not there. Errors go to `problems`.
std::shared_ptr<const TrainerJob> read_trainer_job(const Paths& paths, const Variables& variables,
                                                   const std::filesystem::path& working_directory,
                                                   std::vector<Problem>& problems);

// The launcher that distributed.json asks for: Torchrun, MPI, or the name that smlaunch's own driver wrote.
LauncherChoice choose_trainer_launcher(const Environment& environment);

// "--lr 0.1 --x true": in the order of the file, two dashes before every name, JSON for values that are no
// text.
std::vector<std::string> trainer_arguments(const PyDict& hyperparameters);

// A value in an argument or a variable, in the way of the drivers: text as it is, else JSON.
std::string trainer_value(const PyValue& value);

// The key of distributed.json that says how many ranks each host has.
inline constexpr const char* trainer_count_key = "process_count_per_node";

// Each element is one word for mpirun; nothing where no options are named.
Result<std::optional<std::vector<std::string>>> trainer_mpi_options(const TrainerJob& job);

// All hosts take part, in the order of their names; the first of them leads.
void choose_trainer_hosts(Environment& environment);

// The variables that the SDK's drivers set: those that are the same on every host, and those of one host.
// Where the toolkit has a variable of the same name, these win.
Variables trainer_variables(const Environment& environment);
Variables trainer_host_variables(const Environment& environment, const std::string& host,
                                 const PyValue& resource_config, int num_gpus, int num_cpus);
inline constexpr const char* trainer_rank_variable = "SM_CURRENT_HOST_RANK";

}  // namespace smlaunch
