// SPDX-License-Identifier: Apache-2.0
// The room launcher/contract: SageMaker's container as the toolkit understands it: config files,
// hyperparameters, SM_* variables, the entry point, success and failure files. It promises the toolkit's
// answers to the letter. It touches the files under BASE, PATH and the program that it makes executable; its part for
// other programs (library.hpp) starts that program. It is installed as the library smlaunch::contract.
//
// The container's environment as the SageMaker Training Toolkit understands it
// (sagemaker_training/environment.py, mapping.py, params.py): read once, then read-only.
#pragma once

#include <array>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "launcher/contract/entry_point.hpp"
#include "launcher/contract/paths.hpp"
#include "launcher/contract/python_value.hpp"

namespace smlaunch {

using Variables = std::map<std::string, std::string>;

struct TrainerJob;  // trainer_job.hpp

struct InstanceGroup {
  std::string name;
  std::string instance_type;
  std::vector<std::string> hosts;
};

// Hosts named on the command line instead of a resourceconfig.json.
struct GivenHosts {
  std::vector<std::string> hosts;
  std::string current_host;  // empty: this machine is none of them
};

// `-- ENTRY_POINT ARG...`
struct GivenEntryPoint {
  std::string name;  // "-m pkg.train" for `-- -m pkg.train`
  std::vector<std::string> arguments;
};

struct EnvironmentRequest {
  std::filesystem::path base_dir;
  Variables variables;                                   // smlaunch's own environment
  std::optional<std::filesystem::path> resource_config;  // --resource-config
  std::optional<GivenHosts> given_hosts;
  std::optional<std::string> current_host;  // --current-host
  std::optional<GivenEntryPoint> given_entry_point;
  std::filesystem::path working_directory;  // for a given entry point
  int num_gpus = 0;
  int num_cpus = 1;     // online CPUs, as multiprocessing.cpu_count() counts them
  int num_neurons = 0;  // not needed where the instance type tells (neuron_instances.hpp)
  std::optional<std::string>
      local_host;                     // outside a container: what a resourceconfig.json to be made would name
  bool run_framework_module = false;  // --framework-module run: also those that we know
};

// The frameworks whose modules in AWS's images we know (framework_module.hpp).
enum class Framework { none, pytorch, tensorflow, mxnet, chainer, xgboost };
std::string to_string(Framework framework);

struct Environment {
  Paths paths;
  std::string module_dir;   // SM_MODULE_DIR: a local path or s3://…
  std::string module_name;  // SM_MODULE_NAME
  std::optional<std::string> user_entry_point;
  std::optional<std::string> framework_module;
  Framework native_framework = Framework::none;  // we do its module's work; the program runs without it
  std::string framework_source;                  // who does that work, and why; empty without a module
  std::optional<std::string> program_source;     // where a job of the SDK v3 names its program; else nothing
  std::optional<std::string> job_name;
  std::optional<std::string> region;
  int log_level = 20;
  PyValue hyperparameters;            // the user's
  PyValue framework_parameters;       // sagemaker_* that are not the toolkit's own
  PyValue sagemaker_hyperparameters;  // every sagemaker_* key as decoded, also the toolkit's own
  PyValue input_data_config;
  PyValue resource_config;  // as given; with GivenHosts made up from them
  std::vector<std::pair<std::string, std::string>> channel_input_dirs;
  std::vector<std::string> hosts;
  std::string current_host;
  std::string current_instance_type;
  std::string current_instance_group;
  std::vector<std::string> current_instance_group_hosts;
  std::vector<InstanceGroup> instance_groups;
  bool is_hetero = false;
  std::vector<std::string> distribution_instance_groups;
  std::vector<std::string> distribution_hosts;
  std::string leader;  // the toolkit's master
  bool is_leader = false;
  std::string network_interface;
  int num_gpus = 0;
  int num_cpus = 1;
  int num_neurons = 0;
  std::optional<std::string> mp_parameters;  // SM_HP_MP_PARAMETERS as it was given to smlaunch
  bool smddprun_installed = false;
  bool smddpmprun_installed = false;
  EntryPoint entry_point;                     // its name is empty where no program is named
  std::shared_ptr<const TrainerJob> trainer;  // a job of SageMaker's SDK v3; null for any other
  std::vector<Problem> warnings;
};

// Reads BASE/input/config and the given variables. A missing hyperparameters.json or inputdataconfig.json
// counts as an empty one; a missing resourceconfig.json without GivenHosts is an error. Collects every
// problem (Fault::configuration), each with file and JSON path. A missing program is none of them: see
// require_entry_point.
Result<Environment> read_environment(const EnvironmentRequest& request);

// The error of a job that names no program, for callers that need one.
Result<void> require_entry_point(const Environment& environment);

// Every SM_* variable, for the host on which the environment was read.
Variables sm_variables(const Environment& environment);

// The variables that each host has for itself: SM_CURRENT_HOST and the seven others, which the toolkit
// wrongly takes from the leader for all hosts. `num_gpus`, `num_cpus`: that host's.
class HostVariables {
 public:
  // The names of those that name every host.
  static constexpr std::array<std::string_view, 3> long_names = {"SM_CURRENT_INSTANCE_GROUP_HOSTS",
                                                                 "SM_RESOURCE_CONFIG", "SM_TRAINING_ENV"};

  explicit HostVariables(const Environment& environment);

  // All of them; the cost grows with the number of hosts.
  [[nodiscard]] Variables all(const std::string& host, int num_gpus, int num_cpus) const;

  // The short ones; the cost does not grow with the number of hosts.
  [[nodiscard]] Variables brief(const std::string& host, int num_gpus, int num_cpus) const;

 private:
  const Environment& environment_;
  std::map<std::string, const InstanceGroup*> group_of_;
  std::map<std::string, std::size_t> trainer_rank_;  // each host's number among all, in a job of the SDK v3
};

// Which launcher the hyperparameters ask for (entry_point.py, runner.py).
enum class LauncherKind { process, mpi, ddp, torchrun, xla, smddp };
std::string to_string(LauncherKind kind);
struct LauncherChoice {
  LauncherKind kind = LauncherKind::process;
  std::string source;  // "hyperparameter sagemaker_mpi_enabled"
};
LauncherChoice choose_launcher(const Environment& environment);

// A framework parameter or other sagemaker_* hyperparameter as an integer / text; nothing where absent or
// not of that type.
std::optional<long> integer_parameter(const Environment& environment, std::string_view key);
std::optional<std::string> text_parameter(const Environment& environment, std::string_view key);

}  // namespace smlaunch
